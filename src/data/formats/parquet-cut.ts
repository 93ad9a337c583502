/** Cuts Parquet files, and samples their columns: the parts that need no config. */
import { UserError } from '../../errors.ts';
import type { ObjectInfo, ObjectStore } from '../../store/store.ts';
import { readAhead } from '../ahead.ts';
import type { ColumnSample } from '../features/kind.ts';
import { wholePiece } from '../shard.ts';
import { ParquetError } from '../tables/parquet-file.ts';
import type { SizedPiece } from './format.ts';
import { openSource, unreadColumns } from './parquet-source.ts';

/** Footers of Parquet files read at the same time. */
const parallelFooters = 8;

/** Cuts Parquet files at row groups. */
export async function* cutParquet(
  store: ObjectStore,
  objects: AsyncIterable<ObjectInfo>,
  limitBytes: number,
): AsyncGenerator<SizedPiece> {
  const cut = (object: ObjectInfo) => cutObject(store, object, limitBytes);
  for await (const pieces of readAhead(objects, parallelFooters, cut)) yield* pieces;
}

/**
 * Cuts an object into runs of row groups, each up to the limit; a larger row group is a piece by
 * itself.
 */
async function cutObject(
  store: ObjectStore,
  object: ObjectInfo,
  limitBytes: number,
): Promise<SizedPiece[]> {
  const runs: { start: number; end: number; bytes: number }[] = [];
  const { rowGroups, columns } = await refuseDamaged(object, () => openSource(store, object));
  for (const group of rowGroups.filter(({ start, end }) => end > start)) {
    const run = runs.at(-1);
    if (run !== undefined && run.bytes + group.bytes <= limitBytes) {
      run.end = group.end;
      run.bytes += group.bytes;
    } else {
      runs.push({ ...group });
    }
  }
  return runs.map(({ start, end, bytes }) => ({
    piece: { ...wholePiece(object), rows: { start, end } },
    sizeBytes: bytes,
    columns: columns.map(({ name }) => name),
    unread: unreadColumns(columns),
  }));
}

/** @throws UserError if the object is not a Parquet file. */
async function refuseDamaged<Result>(
  { key }: ObjectInfo,
  action: () => Promise<Result>,
): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof ParquetError)) throw error;
    throw new UserError(
      `'${key}' is not a Parquet file: ${error.message}.`,
      'Write it again, or remove it from the dataset.',
    );
  }
}

/** Rows that are sampled of a file. */
const sampledRows = 1_000;

/** Reads the columns of a file, with the values of its first rows; undefined without rows. */
export async function sampleColumns(
  store: ObjectStore,
  object: ObjectInfo,
): Promise<readonly ColumnSample[] | undefined> {
  const file = await refuseDamaged(object, () => openSource(store, object));
  const group = file.rowGroups.find(({ start, end }) => end > start);
  if (group === undefined) return undefined;
  const { start, end } = group;
  const names = file.columns.map(({ name }) => name);
  const rows = { start, end: Math.min(end, start + sampledRows) };
  const values = await refuseDamaged(object, () => file.readColumns(names, rows));
  const unread = new Map(unreadColumns(file.columns).map(({ name, reason }) => [name, reason]));
  return file.columns.map((column) => ({
    ...column,
    unread: unread.get(column.name),
    values: Array.from<unknown>(values.get(column.name) ?? []),
  }));
}
