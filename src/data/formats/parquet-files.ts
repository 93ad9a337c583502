/** Parquet files, read one row group at a time and only the columns that the task needs. */
import type { DecodedArray } from 'hyparquet';
import { UserError } from '../../errors.ts';
import type { ObjectInfo, ObjectStore } from '../../store/store.ts';
import { readAhead } from '../ahead.ts';
import { findColumns, requireColumn } from '../columns.ts';
import type { ColumnsConfig } from '../columns-config.ts';
import type { Example, Rejected } from '../example.ts';
import { type ColumnField, kindOfTask } from '../features/index.ts';
import type { ContentColumn } from '../features/kind.ts';
import { keyInSet } from '../layout.ts';
import { type Piece, type SetName, type Shard, wholePiece } from '../shard.ts';
import { openParquet, ParquetError, type ParquetFile } from '../tables/parquet-file.ts';
import type { FormatFiles, SizedPiece } from './format.ts';
import { parquetOf } from './parquet-write.ts';

export const parquetFiles: FormatFiles = {
  read: readParquet,
  write: async (examples, name, config) => [
    { name: `${name}.parquet`, bytes: parquetOf(examples, config) },
  ],
  cut: cutParquet,
  sampleColumns,
};

/** The columns to read. */
interface Plan {
  readonly id: string | undefined;
  readonly label: string | undefined;
  /** The column of the content, if it is one column. */
  readonly column: ContentColumn<ColumnField> | undefined;
  readonly content: readonly string[];
}

/** Columns of one row group, by name. */
type Columns = ReadonlyMap<string, DecodedArray>;

async function* readParquet(
  store: ObjectStore,
  shard: Shard,
  config: ColumnsConfig,
): AsyncGenerator<Example | Rejected> {
  for (const piece of shard.pieces) yield* readPiece(store, piece, shard.set, config);
}

async function* readPiece(
  store: ObjectStore,
  piece: Piece,
  set: SetName,
  config: ColumnsConfig,
): AsyncGenerator<Example | Rejected> {
  const name = keyInSet(piece.key);
  let file: ParquetFile;
  try {
    file = await openParquet(store, piece);
  } catch (error) {
    yield { id: name, reason: damagedReason(error) };
    return;
  }
  const plan = planColumns(file, piece.key, set, config);
  const names = [...new Set([plan.id, plan.label, ...plan.content])].filter(
    (column) => column !== undefined,
  );
  const missing = new Set(['', ...config.data.missing]);
  for (const group of file.rowGroups) {
    if (piece.rows && (group.start < piece.rows.start || group.end > piece.rows.end)) continue;
    let columns: Columns;
    try {
      columns = await file.readColumns(names, group);
    } catch (error) {
      yield { id: `${name}:${group.start}-${group.end}`, reason: damagedReason(error) };
      continue;
    }
    for (let row = 0; row < group.end - group.start; row++) {
      yield toExample(columns, row, `${name}:${group.start + row}`, plan, missing);
    }
  }
}

function damagedReason(error: unknown): string {
  if (!(error instanceof ParquetError)) throw error;
  return `The Parquet file is damaged here: ${error.message}.`;
}

function planColumns(file: ParquetFile, key: string, set: SetName, config: ColumnsConfig): Plan {
  const { task, data } = config;
  const names = file.columns.map((column) => column.name);
  const found = findColumns(key, names, set, config);
  const { column } = kindOfTask(task);
  if (column === undefined) {
    const flat = file.columns.filter(({ nested }) => !nested);
    return { ...found, column, content: flat.map(({ name }) => name) };
  }
  const name = data[column.field];
  requireColumn(key, names, `data.${column.field}`, name);
  return { ...found, column, content: [name] };
}

function toExample(
  columns: Columns,
  row: number,
  position: string,
  plan: Plan,
  missing: ReadonlySet<string>,
): Example | Rejected {
  const scalar = (column: string) => toScalar(columns.get(column)?.[row], missing);
  const text = (column: string) => scalar(column)?.toString();
  const id = plan.id === undefined ? position : text(plan.id);
  if (id === undefined) return { id: position, reason: `It has no ${plan.id}.` };
  const label = plan.label === undefined ? undefined : text(plan.label);
  if (plan.column === undefined) {
    const values = Object.fromEntries(plan.content.map((name) => [name, scalar(name)]));
    return { id, label, content: { kind: 'row', columns: values } };
  }
  const [name = ''] = plan.content;
  const content = plan.column.read(columns.get(name)?.[row]);
  return content === undefined
    ? { id, reason: `Its column '${name}' has no ${plan.column.expected}.` }
    : { id, label, content };
}

/**
 * Converts a value of a column to text or number. Integers beyond 2^53 become text, so that none is
 * rounded; dates become ISO 8601; NaN, which pandas writes for a missing number, becomes null.
 */
function toScalar(value: unknown, missing: ReadonlySet<string>): string | number | null {
  switch (typeof value) {
    case 'number':
      return Number.isNaN(value) ? null : value;
    case 'bigint':
      return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    case 'boolean':
      return String(value);
    case 'string':
      return missing.has(value.trim()) ? null : value.trim();
    default:
      if (value instanceof Date) return value.toISOString();
      return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : null;
  }
}

/** Footers of Parquet files read at the same time. */
const parallelFooters = 8;

async function* cutParquet(
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
  for (const group of await rowGroupsOf(store, object)) {
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
  }));
}

async function rowGroupsOf(store: ObjectStore, object: ObjectInfo) {
  try {
    return (await openParquet(store, object)).rowGroups.filter(({ start, end }) => end > start);
  } catch (error) {
    if (!(error instanceof ParquetError)) throw error;
    throw new UserError(
      `'${object.key}' is not a Parquet file: ${error.message}.`,
      'Write it again, or remove it from the dataset.',
    );
  }
}

async function sampleColumns(
  store: ObjectStore,
  object: ObjectInfo,
): Promise<ReadonlyMap<string, unknown>> {
  const file = await openParquet(store, object);
  const names = file.columns.map(({ name }) => name);
  const group = file.rowGroups.find(({ start, end }) => end > start);
  if (group === undefined) throw new UserError(`'${object.key}' has no rows.`);
  const columns = await file.readColumns(names, group);
  return new Map(names.map((name) => [name, columns.get(name)?.[0]]));
}
