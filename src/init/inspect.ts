import { type ConfigInput, configSchema } from '../config/schema.ts';
import { looksContinuous, looksUnique } from '../data/class-check.ts';
import { cutShards } from '../data/cut.ts';
import { isRejected } from '../data/example.ts';
import { type ColumnReport, unreadReport } from '../data/features/column-report.ts';
import { kinds, type Task, taskSchema } from '../data/features/index.ts';
import type { Format } from '../data/formats/format.ts';
import { type FormatName, formatList, formats, isDataFile } from '../data/formats/index.ts';
import { emptiedWarnings, LeftOutFiles, leftOutWarnings } from '../data/left-out.ts';
import { readWithAnyLabel } from '../data/read.ts';
import { defaultMethod, plainMethod } from '../debias/methods.ts';
import { Quarantine } from '../distill/quarantine.ts';
import { UserError } from '../errors.ts';
import { reasonLines } from '../evaluate/quarantine-reasons.ts';
import type { ObjectInfo, ObjectStore } from '../store/store.ts';
import { someObjects } from './some-objects.ts';
import { findShape, type Shape } from './suggest-columns.ts';
import { findTeacher, suggestNetworks } from './suggest-models.ts';
import { withPreprocess } from './suggest-preprocess.ts';
import { LabelSurvey } from './survey-labels.ts';

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

const layout = `<dataset>/
  labeled/      examples with their labels
  unlabeled/    many more examples, without labels
  validation/   more labeled examples; optional
  test/         labeled examples for the final figures only; optional
  teacher/      a model; optional, otherwise a teacher is trained

Formats: ${formatList}.`;

/** Defaults that every user should know. They are written although they are defaults. */
const defaultsToShow = {
  method: defaultMethod,
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
  const { task, columns } = await completeTask(store, shape, notes);
  const networks = suggestNetworks(task);
  const supplied = await findTeacher(store, shape.features, notes);
  if (supplied && Array.isArray(task.classes)) notes.push(...noteOnOrder(task.classes));
  const teacher = supplied
    ? await withPreprocess(store, supplied, task, notes)
    : { train: networks.teacher };
  const { student } = networks;
  const config = { task, data: shape.data, teacher, student, ...defaultsToShow };
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
    const top = key.replace(/\/.*/s, '/');
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

/** Finds the classes, and the other fields of the task, in the labeled set. */
async function completeTask(
  store: ObjectStore,
  { kind, data, target, classNames }: Shape,
  notes: string[],
): Promise<{ task: ConfigInput['task']; columns: readonly ColumnReport[] | undefined }> {
  const dataConfig = configSchema.shape.data.parse(data);
  const survey = kinds[kind].surveyTask(target, dataConfig);
  const taskOf = (classes: Task['classes']) =>
    taskSchema.parse({ type: kinds[kind].task, classes, ...survey.fields() });
  // Only the names of classes that the files have matter to reading.
  const config = {
    task: taskOf([...(classNames ?? ['0', '1'])]),
    data: dataConfig,
  };
  const labels = new LabelSurvey();
  const quarantine = new Quarantine();
  const leftOut = new LeftOutFiles('labeled');
  for await (const shard of cutShards(store, 'labeled', 'labeled/', config, leftOut)) {
    for await (const example of readWithAnyLabel(store, shard, config)) {
      if (isRejected(example)) {
        quarantine.add(example);
        continue;
      }
      quarantine.usable++;
      labels.add(example.label, target);
      await survey.add(example.content);
    }
  }
  const format = formats[config.data.format];
  const problems = [
    ...leftOutWarnings(leftOut.finish(), format),
    ...emptiedWarnings('labeled', leftOut.emptied, format),
    ...reasonLines(quarantine.reasons()).map((line) => `Cannot be used: ${line}`),
  ];
  // A class must not vanish because its images have to be converted first.
  const emptied = format.foldersAreClasses ? leftOut.emptied : [];
  for (const { folder, hasImages } of emptied) if (hasImages) labels.add(folder, target, 0);
  const found = labels.classes(config.data.missing, problems);
  const values = new Set(found);
  if (looksContinuous(values) || (survey.columns && looksUnique(values, quarantine.usable))) {
    throw notClasses(target, values, quarantine.usable);
  }
  const classes = await chooseClasses(store, found, classNames, problems);
  notes.push(...problems);
  if (classes === 'classes.json') notes.push('The class names are in classes.json.');
  notes.push(`${labels.examples} labeled examples of ${found.length} classes.`);
  const table = survey.columns?.();
  notes.push(...(table?.warnings ?? []).map((warning) => `Note: ${warning}.`));
  return { task: taskOf(classes), columns: table?.columns };
}

function notClasses(target: string, labels: ReadonlySet<string>, examples: number): UserError {
  const some = [...labels].slice(0, 3).join(', ');
  return new UserError(
    `The class is taken from "${target}", which has ${labels.size} different values in ${examples} examples, such as ${some}: it does not look like a class.`,
    'Rename the column of the class to "label", or write distill.yaml by hand.',
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

/** Returns classes.json if it exists, otherwise the names in the files or the labels. */
async function chooseClasses(
  store: ObjectStore,
  names: string[],
  namesInFiles: readonly string[] | undefined,
  problems: readonly string[],
): Promise<Task['classes']> {
  if (await store.head('classes.json')) return 'classes.json';
  if (names.length >= 2) return namesInFiles ? [...namesInFiles] : names;
  const problem =
    names.length === 0
      ? 'The labeled set has no labels.'
      : `All examples of the labeled set have the same label, "${names[0]}".`;
  throw new UserError(
    [problem, ...problems].join('\n'),
    `At least two classes are needed. Expected:\n\n${layout}`,
  );
}
