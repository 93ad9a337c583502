/** Reads the Parquet files that counterweight writes: labels, weights and embeddings. */
import type { DecodedArray } from 'hyparquet';
import { UserError } from '../../errors.ts';
import type { ObjectStore } from '../../store/store.ts';
import { openParquet, ParquetError, type ParquetFile } from './parquet-file.ts';

/** Damage of a file without a seal, after "it is damaged:". */
export const unsealed =
  'it has no seal: another program or version 0.1.0 of counterweight wrote it';

/** @throws UserError if the file is missing, damaged or without a seal. */
export async function openResult(store: ObjectStore, key: string): Promise<ParquetFile> {
  const object = await store.head(key);
  if (object === undefined) {
    throw new UserError(
      `'${key}' is missing.`,
      'Run again: the stage that writes it has not finished.',
    );
  }
  try {
    const file = await openParquet(store, object);
    if (!file.isSealed) throw new ParquetError(unsealed);
    return file;
  } catch (error) {
    throw damaged(key, error);
  }
}

/** Reads the row groups of a result, with columns by name; an optional column may be empty. */
export async function* readResult(
  store: ObjectStore,
  key: string,
  names: readonly string[],
  optional: readonly string[] = [],
): AsyncGenerator<RowsRead> {
  yield* readGroups(key, await openResult(store, key), names, optional);
}

/** Rows of a row group. */
interface RowsRead {
  readonly rows: number;
  readonly column: (name: string) => DecodedArray;
}

/** Reads the row groups of a result that was opened; see `readResult`. */
export async function* readGroups(
  key: string,
  file: ParquetFile,
  names: readonly string[],
  optional: readonly string[] = [],
): AsyncGenerator<RowsRead> {
  const present = file.columns.map(({ name }) => name);
  const wanted = [...names, ...optional.filter((name) => present.includes(name))];
  for (const group of file.rowGroups) {
    let columns: ReadonlyMap<string, DecodedArray>;
    try {
      columns = await file.readColumns(wanted, group);
    } catch (error) {
      throw damaged(key, error);
    }
    yield { rows: group.end - group.start, column: (name) => columns.get(name) ?? [] };
  }
}

/** Reads lists of one length of a row group; see `ParquetFile`. */
export async function readLists(
  key: string,
  file: ParquetFile,
  name: string,
  group: number,
  size: number,
): Promise<Float32Array> {
  try {
    return await file.readLists(name, group, size);
  } catch (error) {
    throw damaged(key, error);
  }
}

function damaged(key: string, error: unknown): unknown {
  if (!(error instanceof ParquetError)) return error;
  return new UserError(
    `'${key}' is damaged: ${error.message}.`,
    'Delete it and run again: the run writes it again.',
  );
}

/** Returns a row of a column of lists. */
export function floatsAt(column: DecodedArray, row: number): Float32Array {
  // The column is a list of floats by the file's schema, so its cells are arrays of numbers.
  return Float32Array.from(column[row] as ArrayLike<number>);
}
