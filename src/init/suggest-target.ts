import { idColumn } from '../data/columns.ts';
import type { ColumnSample } from '../data/features/kind.ts';
import type { Format } from '../data/formats/format.ts';
import { isDataFile } from '../data/formats/index.ts';
import { partitionsOf } from '../data/partitions.ts';
import { describeType, isScalar } from '../data/value-type.ts';
import { UserError } from '../errors.ts';
import type { ObjectStore } from '../store/store.ts';
import { notAClass } from './sampled-column.ts';
import { someObjects } from './some-objects.ts';

/** Usual names of the column of the class, the most likely first. */
const labelNames = ['label', 'target', 'class', 'y', 'category', 'labels'];

/** Usual names of the class of a text. Beside other content they may be features. */
const textLabelName =
  /(?:^|[_ ])(?:sentiment|polarity|emotion|intent|topic|stars|rating|overall|score|spam|toxic)$/i;

/** Usual names of lists of classes, besides those above. */
const listLabelName = /(?:^|[_ ])(?:tags|categories|classes|genres|topics|emotions|intents)$/i;

/**
 * Returns whether a column has lists of names or of integers, as several classes are written. Most
 * lists with one class per word have some class twice.
 */
function holdsClassLists({ type, values }: ColumnSample): boolean {
  if (type.kind !== 'list' || !['text', 'integer', 'nothing'].includes(type.item.kind)) {
    return false;
  }
  const lists = values.filter((value) => Array.isArray(value));
  const repeated = lists.filter((list) => new Set(list).size < list.length);
  return repeated.length <= lists.length / 2;
}

/**
 * Guesses the column of the class: by its name, else by the names of classes that the file has for
 * it, else the last one.
 *
 * @param contents Columns that are content, and therefore not the class.
 * @throws UserError if no column can be the class.
 */
export async function guessTarget(
  store: ObjectStore,
  { key, columns }: { readonly key: string; readonly columns: readonly ColumnSample[] },
  contents: readonly ColumnSample[],
  format: Format,
  notes: string[],
): Promise<ColumnSample> {
  const id = idColumn(
    columns.map(({ name }) => name),
    { missing: [] },
  );
  const single = columns.filter(
    (column) => isScalar(column.type) && column.name !== id && !contents.includes(column),
  );
  const lists = columns.filter(holdsClassLists);
  const usual = labelNames.flatMap((each) =>
    [...single, ...lists].filter(({ name }) => name.toLowerCase() === each),
  );
  const isTextLabel = ({ name, values }: ColumnSample) =>
    contents.length > 0 && textLabelName.test(name) && hasRepeats(values);
  const listed = lists.filter(({ name }) => listLabelName.test(name));
  const byName = [...usual, ...single.filter(isTextLabel), ...listed];
  const nested = columns.find(({ name, type }) => isLabelName(name) && !isScalar(type));
  if (byName.length === 0 && nested !== undefined) {
    throw noTarget(key, `${nested.name} has ${describeType(nested.type)}`);
  }
  const byClasses = [...single, ...lists].filter(({ classNames = [] }) => classNames.length > 1);
  const others = await unlabeledPartitions(store, format);
  const last = single.filter(
    ({ name, type, isIndex }) => !isIndex && !others.has(name) && type.kind !== 'nothing',
  );
  // Beside texts there often are dates, links and authors.
  const repeated = contents.length > 0 ? last.filter(({ values }) => hasRepeats(values)) : [];
  const target = byName[0] ?? byClasses[0] ?? repeated.at(-1) ?? last.at(-1);
  if (target === undefined) throw noTarget(key, 'it has no column of single values for it');
  const how =
    byName.length > 0
      ? 'by its name'
      : byClasses.length > 0
        ? 'because the file names its classes'
        : target === single.at(-1)
          ? 'because it is the last'
          : 'because it is the last whose values repeat';
  const problem = notAClass(target);
  if (problem !== undefined) throw noTarget(key, `${target.name}, chosen ${how}, has ${problem}`);
  notes.push(`The class is in the column ${target.name}, chosen ${how}.`);
  return target;
}

/** Returns whether there are several values, of which most are repeated. */
function hasRepeats(values: readonly unknown[]): boolean {
  const different = new Set(values).size;
  return different > 1 && different <= values.length / 2;
}

/** Returns whether a column has a usual name of the class. */
export function isLabelName(name: string): boolean {
  return labelNames.includes(name.toLowerCase());
}

function noTarget(key: string, reason: string): UserError {
  return new UserError(
    `'${key}' has no column that could be the class: ${reason}. A class is one of a few values.`,
    'Add a column "label", or put the files into folders such as labeled/label=cat/.',
  );
}

/** Returns the columns in the folders of unlabeled/, which are not the class. */
async function unlabeledPartitions(
  store: ObjectStore,
  format: Format,
): Promise<ReadonlyMap<string, string | null>> {
  for await (const { key } of someObjects(store, 'unlabeled/')) {
    if (isDataFile(key, format)) return partitionsOf(key);
  }
  return new Map();
}
