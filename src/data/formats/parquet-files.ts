/** Parquet, one row group at a time and only the columns that the task needs. */
import type { DecodedArray } from 'hyparquet';
import { z } from 'zod';
import { UserError } from '../../errors.ts';
import type { ObjectInfo, ObjectStore } from '../../store/store.ts';
import { readAhead } from '../ahead.ts';
import { type ColumnsConfig, findColumns, requireColumn } from '../columns.ts';
import type { Content, Example, Rejected } from '../example.ts';
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
  readonly content: readonly string[];
}

/** The columns of one row group, by name. */
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
      yield toExample(columns, row, `${name}:${group.start + row}`, plan, config, missing);
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
  switch (task.type) {
    case 'image-classification':
      requireColumn(key, names, 'data.image', data.image);
      return { ...found, content: [data.image] };
    case 'vector-classification':
      requireColumn(key, names, 'data.vector', data.vector);
      return { ...found, content: [data.vector] };
    case 'tabular-classification': {
      const flat = file.columns.filter((column) => !column.nested);
      return { ...found, content: flat.map((column) => column.name) };
    }
  }
}

function toExample(
  columns: Columns,
  row: number,
  place: string,
  plan: Plan,
  { task }: ColumnsConfig,
  missing: ReadonlySet<string>,
): Example | Rejected {
  const scalar = (column: string) => toScalar(columns.get(column)?.[row], missing);
  const text = (column: string) => scalar(column)?.toString();
  const id = plan.id === undefined ? place : text(plan.id);
  if (id === undefined) return { id: place, reason: `It has no ${plan.id}.` };
  const label = plan.label === undefined ? undefined : text(plan.label);
  if (task.type === 'tabular-classification') {
    const values = Object.fromEntries(plan.content.map((name) => [name, scalar(name)]));
    return { id, label, content: { kind: 'row', columns: values } };
  }
  const [column = ''] = plan.content;
  const value: unknown = columns.get(column)?.[row];
  const toContent = task.type === 'image-classification' ? toImage : toVector;
  const content = toContent(value);
  return content === undefined
    ? { id, reason: `Its column '${column}' has no ${expected[task.type]}.` }
    : { id, label, content };
}

const expected = {
  'image-classification': 'image: expected the bytes of a file, or a struct with bytes',
  'vector-classification': 'vector: expected a list of numbers',
};

const imageSchema = z.union([
  z.instanceof(Uint8Array),
  // As the datasets library of Hugging Face writes images.
  z.object({ bytes: z.instanceof(Uint8Array) }).transform(({ bytes }) => bytes),
]);

function toImage(value: unknown): Content | undefined {
  const bytes = imageSchema.safeParse(value).data;
  return bytes && { kind: 'image', bytes };
}

function toVector(value: unknown): Content | undefined {
  if (!Array.isArray(value)) return undefined;
  // NaN, for what is no number, is refused by the encoder.
  const values = Float32Array.from(value, (item) => (item === null ? Number.NaN : Number(item)));
  return { kind: 'vector', values };
}

/**
 * A value of a column as text or number. Integers beyond 2^53 become text, so that none is rounded;
 * dates become ISO 8601; NaN, which pandas writes for a missing number, becomes null.
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

/** Cuts runs of row groups of up to the limit; a larger row group is a piece by itself. */
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
      'Write it again or take it out of the dataset.',
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
