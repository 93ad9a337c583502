/** Writes and reads the Parquet files of the results: labels, weights, embeddings, predictions. */
import type { DecodedArray } from 'hyparquet';
import { UserError } from '../../errors.ts';
import { damaged } from '../../store/damage.ts';
import type { ObjectInfo, ObjectStore } from '../../store/store.ts';
import { openParquet, ParquetError, type ParquetFile } from './parquet-file.ts';
import { type ColumnType, createTableWriter, type TableWriter } from './parquet-table.ts';

/**
 * Name of the metadata that holds the key of the file itself. The seal covers it, so that a file of
 * another shard or run in the place of this one is noticed.
 */
export const ownKey = 'counterweight.key';

/** Damage of a file without a seal, after "it is damaged:". */
const unsealed = 'it has no seal: another program or version 0.1.0 of counterweight wrote it';

/** Damage of a file without its key: that of an export, or of a development version. */
const keyless =
  'it does not state its key: it was made for other programs, or another version wrote it';

/**
 * Creates a writer of a result.
 *
 * @param key Key of the object, relative to the results: a copy of the whole results stays valid.
 * @example
 * const table = createResultWriter('runs/r/a.parquet', { id: 'text' });
 * table.append(1, { id: ['a.png'] });
 * table.finish(); // Only openResult(store, 'runs/r/a.parquet') opens these bytes.
 */
export function createResultWriter(
  key: string,
  columns: Readonly<Record<string, ColumnType>>,
): Omit<TableWriter, 'take'> {
  const { append, finish } = createTableWriter(columns);
  return { append, finish: (keyValues = {}) => finish({ ...keyValues, [ownKey]: key }) };
}

/** A result that was opened. */
export interface ResultFile extends ParquetFile {
  /** Name of the object in errors. */
  readonly name: string;
}

/** @throws UserError if the file is missing, damaged, without a seal, or another result. */
export async function openResult(store: ObjectStore, key: string): Promise<ResultFile> {
  const object = await store.head(key);
  if (object === undefined) {
    throw new UserError(
      `'${key}' is missing.`,
      'Run again: the stage that writes it has not finished.',
    );
  }
  const name = `${store.location}/${key}`;
  return { ...(await orDamaged(name, openOwn(store, object))), name };
}

/** @throws ParquetError if the object is damaged, without a seal, or another result. */
export async function openOwn(store: ObjectStore, object: ObjectInfo): Promise<ParquetFile> {
  const file = await openParquet(store, object);
  if (!file.isSealed) throw new ParquetError(unsealed);
  const stated = file.keyValues.get(ownKey);
  if (stated === undefined) throw new ParquetError(keyless);
  if (stated !== object.key) throw new ParquetError(`it is a copy of ${JSON.stringify(stated)}`);
  return file;
}

/** Reads the row groups of a result, with columns by name; an optional column may be empty. */
export async function* readResult(
  store: ObjectStore,
  key: string,
  names: readonly string[],
  optional: readonly string[] = [],
): AsyncGenerator<RowsRead> {
  yield* readGroups(await openResult(store, key), names, optional);
}

/** Rows of a row group. */
interface RowsRead {
  readonly rows: number;
  readonly column: (name: string) => DecodedArray;
}

/** Reads the row groups of a result that was opened; see `readResult`. */
export async function* readGroups(
  file: ResultFile,
  names: readonly string[],
  optional: readonly string[] = [],
): AsyncGenerator<RowsRead> {
  const present = file.columns.map(({ name }) => name);
  const wanted = [...names, ...optional.filter((name) => present.includes(name))];
  for (const group of file.rowGroups) {
    const columns = await orDamaged(file.name, file.readColumns(wanted, group));
    yield { rows: group.end - group.start, column: (name) => columns.get(name) ?? [] };
  }
}

/** Reads lists of one length of a row group; see `ParquetFile`. */
export function readLists(
  file: ResultFile,
  column: string,
  group: number,
  size: number,
): Promise<Float32Array> {
  return orDamaged(file.name, file.readLists(column, group, size));
}

/** Waits for the content of a file. @throws UserError with its name if it is damaged. */
async function orDamaged<Read>(name: string, reading: Promise<Read>): Promise<Read> {
  try {
    return await reading;
  } catch (error) {
    throw error instanceof ParquetError ? damaged(name, `is damaged: ${error.message}`) : error;
  }
}

/** Returns a row of a column of lists. */
export function floatsAt(column: DecodedArray, row: number): Float32Array {
  // The column is a list of floats by the file's schema, so its cells are arrays of numbers.
  return Float32Array.from(column[row] as ArrayLike<number>);
}
