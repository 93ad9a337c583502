import type { ConfigInput } from '../config/schema.ts';
import { type ColumnReport, unreadReport } from '../data/features/column-report.ts';
import type { Format } from '../data/formats/format.ts';
import { type FormatName, formats, isDataFile } from '../data/formats/index.ts';
import { defaultMethod, multiLabelMethod, plainMethod } from '../debias/methods.ts';
import { UserError } from '../errors.ts';
import type { ObjectInfo, ObjectStore } from '../store/store.ts';
import { findTask } from './find-task.ts';
import { layout } from './layout.ts';
import { someObjects } from './some-objects.ts';
import { findShape } from './suggest-columns.ts';
import { findTeacher, suggestNetworks } from './suggest-models.ts';
import { withPreprocess } from './suggest-preprocess.ts';

/** Result of inspecting a dataset. */
export interface Inspection {
  /** A config that fits the data; the other fields have defaults. */
  readonly config: ConfigInput;
  /** Sentences on what was found and what was guessed. */
  readonly notes: readonly string[];
  /** Question per field that init chose among several columns. */
  readonly questions: Readonly<Record<string, string>>;
  /** Columns of a table: their use and content, and why some are left out. */
  readonly columns?: readonly ColumnReport[];
}

/** Defaults that every user should know. They are written although they are defaults. */
const defaultsToShow = {
  labels: 'hard',
  compare: [plainMethod],
} satisfies Partial<ConfigInput>;

/**
 * Inspects a dataset and suggests a config: format, task, classes, teacher and student.
 * Reads the labeled set once and lists the other sets.
 * @throws UserError with the expected layout if the folder has another layout.
 */
export async function inspect(store: ObjectStore): Promise<Inspection> {
  const format = await findFormat(store);
  const first = await firstFile(store, 'labeled/', format);
  if (first === undefined) throw await wrongLayout(store);
  const notes = [`labeled/ holds ${format.name} files, such as ${first.key}.`];
  if ((await firstFile(store, 'unlabeled/', format)) === undefined) {
    notes.push(`unlabeled/ has no ${format.name} files yet: put them there before you run.`);
  }
  if ((await firstFile(store, 'test/', format)) === undefined) {
    notes.push('There is no test/, so the figures will be measured on the validation set.');
  }
  const shape = await findShape(store, format, notes);
  const { task, columns } = await findTask(store, shape, notes);
  const networks = suggestNetworks(task);
  const supplied = await findTeacher(store, shape.features, notes);
  if (supplied && Array.isArray(task.classes)) notes.push(...noteOnOrder(task.classes));
  const teacher = supplied
    ? await withPreprocess(store, supplied, task, notes)
    : { train: networks.teacher };
  const { student } = networks;
  const method = task.multiLabel ? multiLabelMethod : defaultMethod;
  const config = { task, data: shape.data, teacher, student, method, ...defaultsToShow };
  const { unread = [], questions = {} } = shape;
  const all = columns && [...columns, ...unread.map(unreadReport)];
  return { config, notes, questions, ...(all && { columns: all }) };
}

async function findFormat(store: ObjectStore): Promise<Format<FormatName>> {
  for await (const { key } of someObjects(store, 'labeled/')) {
    const format = Object.values(formats).find((candidate) => isDataFile(key, candidate));
    if (format !== undefined) return format;
  }
  throw await wrongLayout(store);
}

async function firstFile(
  store: ObjectStore,
  prefix: string,
  format: Format,
): Promise<ObjectInfo | undefined> {
  for await (const object of someObjects(store, prefix)) {
    if (isDataFile(object.key, format)) return object;
  }
  return undefined;
}

async function wrongLayout(store: ObjectStore): Promise<UserError> {
  const found: string[] = [];
  for await (const { key } of someObjects(store, '')) {
    // A file of labeled/ shows what is wrong, such as its compression.
    const top = key.startsWith('labeled/') ? key : key.replace(/\/.*/s, '/');
    if (!found.includes(top) && found.length < 8) found.push(top);
  }
  const known = Object.values(formats)
    .flatMap(({ extensions }) => extensions)
    .join(', ');
  return new UserError(
    `${store.location} has no data files in labeled/ (${known}).` +
      (found.length > 0 ? ` It has: ${found.join(', ')}.` : ' It is empty or does not exist.'),
    `Expected:\n\n${layout}`,
  );
}

/** Warns if folders that are sorted as texts give the teacher another order of the classes. */
function* noteOnOrder(classes: readonly (string | number)[]): Iterable<string> {
  const names = classes.map(String);
  const asTexts = [...names].sort();
  if (names.every((name, index) => name === asTexts[index])) return;
  yield `The classes are in the order of their numbers: ${shortList(names)}. ImageFolder and Keras sort folders as texts: ${shortList(asTexts)}. If the teacher was trained that way, list task.classes in that order.`;
}

function shortList(names: readonly string[]): string {
  return `${names.slice(0, 12).join(', ')}${names.length > 12 ? ', …' : ''}`;
}
