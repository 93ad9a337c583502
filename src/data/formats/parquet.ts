/** Parquet, one row group at a time and only the columns that the task needs. */
import type { DecodedArray } from 'hyparquet';
import { z } from 'zod';
import type { ObjectStore } from '../../store/store.ts';
import type { ReadConfig } from '../config.ts';
import type { Content, Example, Rejected } from '../example.ts';
import { findColumns, keyInSet, requireColumn } from '../layout.ts';
import type { Piece, SetName, Shard } from '../shard.ts';
import { openParquet, ParquetError, type ParquetFile } from '../tables/parquet-file.ts';

/** The columns to read. */
interface Plan {
  readonly id: string | undefined;
  readonly label: string | undefined;
  readonly content: readonly string[];
}

/** The columns of one row group, by name. */
type Columns = ReadonlyMap<string, DecodedArray>;

export async function* readParquet(
  store: ObjectStore,
  shard: Shard,
  config: ReadConfig,
): AsyncGenerator<Example | Rejected> {
  for (const piece of shard.pieces) yield* readPiece(store, piece, shard.set, config);
}

async function* readPiece(
  store: ObjectStore,
  piece: Piece,
  set: SetName,
  config: ReadConfig,
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

function planColumns(file: ParquetFile, key: string, set: SetName, config: ReadConfig): Plan {
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
  { task }: ReadConfig,
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
