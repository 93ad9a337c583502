import type { DecodedArray } from 'hyparquet';
import { z } from 'zod';
import { composeText } from '../../data/compose-text.ts';
import { type SetName, setNames } from '../../data/shard.ts';
import {
  openParquet,
  ParquetError,
  type ParquetFile,
  type RowGroup,
} from '../../data/tables/parquet-file.ts';
import type { Decisions } from '../../debias/decisions.ts';
import { UserError } from '../../errors.ts';
import type { ObjectStore } from '../../store/store.ts';
import { makeOnce } from '../local-copy.ts';
import type { Teacher } from '../teacher.ts';
import { distributionReader, type OutputName } from './distributions.ts';
import { PredictionTable } from './prediction-table.ts';
import type { TeacherFile } from './teacher-kind.ts';

/** A row group of this many probabilities takes about 1.3 GB while it is read. */
const maxGroupValues = 2 ** 24;

export interface PredictionsOptions {
  /** Name of the teacher in errors. */
  readonly name: string;
  readonly decisions: Decisions;
  readonly output: OutputName;
  readonly batchSize: number;
  /** The local file of the table, which is made unless it exists. */
  readonly path: string;
  /** Called before the table is made; throws if the files have another digest. */
  readonly verify: () => Promise<void>;
}

/**
 * Opens a teacher whose answers are in Parquet files with the columns `id` and `probabilities`. The
 * latter has a list of one float per class (logits, if the config sets `output`). Rows may have any
 * order. An example without a row gets NaN.
 *
 * Ids are compared in Unicode's composed form. They must be unique in the whole data set, or in
 * their set if there is a column `set` with its name: labeled, validation, test or unlabeled.
 *
 * Every worker copies the rows once into a hash table on disk (`PredictionTable`). For 10 classes
 * that takes 84 MB and 15 s per million rows, and 10 µs per look-up. Memory holds one row group,
 * about 80 bytes per probability. That is 850 MB for the million rows that pyarrow writes into one
 * group by default, and 85 MB for groups of 100,000.
 */
export async function openPredictions(
  store: ObjectStore,
  files: readonly TeacherFile[],
  options: PredictionsOptions,
): Promise<Teacher> {
  const { name, decisions, path } = options;
  const classes = decisions.outputs;
  await makeOnce(path, async (made) => {
    await options.verify();
    await fillTable(made, store, files, classes);
  });
  const table = PredictionTable.open(path, classes);
  const bySet = await haveSets(store, files);
  const read = distributionReader(options.output, decisions, name);
  return {
    embeddingSize: undefined,
    batchSize: options.batchSize,
    unanswered: `It has no usable row in the predictions: expected its id in ${name.replace(/^the predictions in /, '')}.`,
    async predict({ ids, set }) {
      const values = new Float32Array(ids.length * classes);
      ids.forEach((id, index) => {
        const key = composeText(id);
        const row = values.subarray(index * classes, (index + 1) * classes);
        table.read(bySet ? keyOf(key, set) : key, row);
      });
      return { probabilities: read(values) };
    },
    dispose() {
      table.close();
    },
  };
}

/** An example of the predictions. */
export interface Answered {
  readonly id: string;
  /** Present if the files have a column `set`. */
  readonly set: SetName | undefined;
}

/** Returns whether the predictions have a column `set`. */
export async function haveSets(
  store: ObjectStore,
  [first]: readonly TeacherFile[],
): Promise<boolean> {
  if (first === undefined) return false;
  const { columns } = await parquet(first.object.key, () => openParquet(store, first.object));
  return columns.some(({ name }) => name === 'set');
}

/** Yields the examples that have a prediction, one row group at a time. */
export async function* answeredExamples(
  store: ObjectStore,
  files: readonly TeacherFile[],
): AsyncGenerator<Answered> {
  const bySet = await haveSets(store, files);
  for (const source of files) {
    const { object } = source;
    const file = await openFile(store, source, bySet);
    for (const group of file.rowGroups) {
      const names = bySet ? ['id', 'set'] : ['id'];
      const columns = await parquet(object.key, () => file.readColumns(names, group));
      for (let row = 0; row < group.end - group.start; row++) {
        yield exampleOf(
          columns,
          row,
          `row ${group.start + row} of the predictions in ${object.key}`,
        );
      }
    }
  }
}

function exampleOf(
  columns: ReadonlyMap<string, DecodedArray>,
  row: number,
  where: string,
): Answered {
  const id = composeText(parseCell(idSchema, columns.get('id')?.[row], `${where} has no id`));
  const sets = columns.get('set');
  if (sets === undefined) return { id, set: undefined };
  const set = parseCell(
    textSchema.pipe(z.enum(setNames)),
    sets[row],
    `${where} has no set (${setNames.join(', ')})`,
  );
  return { id, set };
}

/** Returns the key of an example in a table of predictions that have sets. */
function keyOf(id: string, set: SetName | undefined): string {
  return `${set}/${id}`;
}

async function fillTable(
  path: string,
  store: ObjectStore,
  files: readonly TeacherFile[],
  classes: number,
): Promise<void> {
  const bySet = await haveSets(store, files);
  let rows = 0;
  for (const file of files) {
    const { rowGroups } = await openFile(store, file, bySet);
    requireFits(file, rowGroups, classes);
    rows += rowGroups.at(-1)?.end ?? 0;
  }
  const table = PredictionTable.create(path, rows, classes);
  try {
    for (const file of files) await addFile(table, store, file, classes, bySet);
  } finally {
    table.close();
  }
}

/** @throws UserError if the file is not Parquet or lacks a column. */
async function openFile(
  store: ObjectStore,
  { object }: TeacherFile,
  bySet: boolean,
): Promise<ParquetFile> {
  const file = await parquet(object.key, () => openParquet(store, object));
  const id = file.columns.find(({ name }) => name === 'id');
  const probabilities = file.columns.find(({ name }) => name === 'probabilities');
  if (!id || id.nested || !probabilities?.nested) {
    const found = file.columns.map(({ name, nested }) => (nested ? `${name} (nested)` : name));
    throw new UserError(
      `the predictions in ${object.key} have the columns ${found.join(', ') || '(none)'}, and need id and probabilities`,
      'Write id as text and probabilities as a list of floats, one per class.',
    );
  }
  if (file.columns.some(({ name }) => name === 'set') !== bySet) {
    throw new UserError(
      `only some of the predictions have a column set, and ${object.key} ${bySet ? 'has none' : 'has one'}`,
      'Write the column set in all files or in none.',
    );
  }
  return file;
}

/** @throws UserError if a row group is too large for the memory. */
function requireFits(
  { object }: TeacherFile,
  rowGroups: readonly RowGroup[],
  classes: number,
): void {
  const largest = Math.max(0, ...rowGroups.map(({ start, end }) => end - start));
  if (largest * classes > maxGroupValues) {
    throw new UserError(
      `the predictions in ${object.key} have a row group of ${largest} rows, which does not fit the memory with ${classes} classes`,
      `Write row groups of at most ${Math.floor(maxGroupValues / classes)} rows (row_group_size of pyarrow).`,
    );
  }
}

async function addFile(
  table: PredictionTable,
  store: ObjectStore,
  source: TeacherFile,
  classes: number,
  bySet: boolean,
): Promise<void> {
  const file = await openFile(store, source, bySet);
  for (const group of file.rowGroups) {
    await addGroup(table, file, group, source.object.key, classes, bySet);
  }
}

async function addGroup(
  table: PredictionTable,
  file: ParquetFile,
  group: RowGroup,
  key: string,
  classes: number,
  bySet: boolean,
): Promise<void> {
  const names = bySet ? ['id', 'probabilities', 'set'] : ['id', 'probabilities'];
  const columns = await parquet(key, () => file.readColumns(names, group));
  const lists = columns.get('probabilities')!;
  for (let index = 0; index < lists.length; index++) {
    const where = `row ${group.start + index} of the predictions in ${key}`;
    const { id, set } = exampleOf(columns, index, where);
    const row = parseCell(listSchema, lists[index], `${where} has no list of floats`);
    if (row.length !== classes) {
      throw new UserError(
        `${where} has ${row.length} probabilities, and the task has ${classes} classes`,
        'List the classes of the probabilities in task.classes, in their order.',
      );
    }
    if (!table.add(bySet ? keyOf(id, set) : id, row)) {
      throw new UserError(
        `${where} is the second with the id '${id}'${bySet ? ` in the set ${set}` : ''}`,
        'Predictions are looked up by id: give every example of the data set its own id, or add a column "set".',
      );
    }
  }
}

const textSchema = z.union([
  z.string(),
  // Text that the file does not mark as text.
  z.instanceof(Uint8Array).transform((bytes) => new TextDecoder().decode(bytes)),
]);
const idSchema = z.union([textSchema, z.union([z.number(), z.bigint()]).transform(String)]);
/** A row with a missing number is read as NaN. */
const listSchema = z.union([
  z.instanceof(Float32Array),
  z.instanceof(Float64Array),
  z.array(z.union([z.number(), z.nan(), z.null().transform(() => Number.NaN)])),
]);

function parseCell<Value>(schema: z.ZodType<Value>, cell: unknown, problem: string): Value {
  const parsed = schema.safeParse(cell);
  if (parsed.success) return parsed.data;
  throw new UserError(problem, 'The columns are id (text) and probabilities (a list of floats).');
}

async function parquet<Result>(key: string, action: () => Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof ParquetError)) throw error;
    throw new UserError(
      `the predictions in ${key} cannot be read: ${error.message}`,
      'Write the file again, such as with pandas or pyarrow.',
    );
  }
}
