/** Parquet files, read one row group at a time and only the columns that the task needs. */
import { isUtf8 } from 'node:buffer';
import type { DecodedArray } from 'hyparquet';
import { UserError } from '../../errors.ts';
import type { ObjectInfo, ObjectStore } from '../../store/store.ts';
import { readAhead } from '../ahead.ts';
import { findColumns, requireColumn } from '../columns.ts';
import type { ColumnsConfig } from '../columns-config.ts';
import { type Example, isRejected, type LabelOnly, type Rejected } from '../example.ts';
import { type ColumnField, kindOfTask, type Task } from '../features/index.ts';
import type { ColumnSample, ContentColumn } from '../features/kind.ts';
import type { Cell } from '../features/row-values.ts';
import { normalizeLabel, numberSpelling } from '../labels.ts';
import { keyInSet } from '../layout.ts';
import { type Piece, type SetName, type Shard, wholePiece } from '../shard.ts';
import { ParquetError } from '../tables/parquet-file.ts';
import { describeType } from '../value-type.ts';
import type { FormatFiles, SizedPiece } from './format.ts';
import {
  openSource,
  type ParquetSource,
  type SourceColumn,
  unreadColumns,
} from './parquet-source.ts';
import { parquetOf } from './parquet-write.ts';

export const parquetFiles: FormatFiles = {
  read: (store, shard, config) => readParquet(store, shard, config, allColumns, toExample),
  readLabels: (store, shard, config) => readParquet(store, shard, config, labelColumns, toLabel),
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
  /** The class in the names of the file's folders, if the file also has a column of it. */
  readonly labelInPath: string | undefined;
  /** The column of the content, if it is one column. */
  readonly column: ContentColumn<ColumnField> | undefined;
  readonly content: readonly string[];
}

/** Columns of one row group, by name. */
type Columns = ReadonlyMap<string, DecodedArray>;

/** Chooses the columns to read. */
type ColumnPlanner = (
  file: ParquetSource,
  key: string,
  set: SetName,
  config: ColumnsConfig,
) => Plan;

/** Makes an example, or its label, of one row. */
type RowConverter<Item> = (
  columns: Columns,
  row: number,
  position: string,
  plan: Plan,
  missing: ReadonlySet<string>,
) => Item | Rejected;

async function* readParquet<Item>(
  store: ObjectStore,
  shard: Shard,
  config: ColumnsConfig,
  planner: ColumnPlanner,
  convert: RowConverter<Item>,
): AsyncGenerator<Item | Rejected> {
  for (const piece of shard.pieces) {
    yield* readPiece(store, piece, shard.set, config, planner, convert);
  }
}

async function* readPiece<Item>(
  store: ObjectStore,
  piece: Piece,
  set: SetName,
  config: ColumnsConfig,
  planner: ColumnPlanner,
  convert: RowConverter<Item>,
): AsyncGenerator<Item | Rejected> {
  const name = keyInSet(piece.key);
  let file: ParquetSource;
  try {
    file = await openSource(store, piece, config.task.classes);
  } catch (error) {
    yield { id: name, reason: damagedReason(error), ...lostRows(piece.rows) };
    return;
  }
  const plan = planner(file, piece.key, set, config);
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
      const id = `${name}:${group.start}-${group.end}`;
      yield { id, reason: damagedReason(error), ...lostRows(group) };
      continue;
    }
    for (let row = 0; row < group.end - group.start; row++) {
      yield convert(columns, row, `${name}:${group.start + row}`, plan, missing);
    }
  }
}

function damagedReason(error: unknown): string {
  if (!(error instanceof ParquetError)) throw error;
  return `The Parquet file is damaged here: ${error.message}.`;
}

/** Counts the rows of a part that cannot be read. */
function lostRows(rows: { readonly start: number; readonly end: number } | undefined) {
  return rows && rows.end > rows.start ? { lost: rows.end - rows.start } : {};
}

function labelColumns(file: ParquetSource, key: string, set: SetName, config: ColumnsConfig): Plan {
  const names = file.columns.map((column) => column.name);
  const named = findColumns(key, names, set, config);
  requireSingleValues(file, key, [named.id, named.label]);
  return { ...named, labelInPath: labelInPath(file, named.label), column: undefined, content: [] };
}

function allColumns(file: ParquetSource, key: string, set: SetName, config: ColumnsConfig): Plan {
  const { task, data } = config;
  const names = file.columns.map((column) => column.name);
  const named = findColumns(key, names, set, config);
  requireSingleValues(file, key, [named.id, named.label]);
  const found = { ...named, labelInPath: labelInPath(file, named.label) };
  const { column } = kindOfTask(task);
  if (column === undefined) {
    return { ...found, column, content: rowColumns(file.columns, task) };
  }
  const name = data[column.field];
  requireColumn(key, names, `data.${column.field}`, name);
  const { type } = file.columns.find((each) => each.name === name)!;
  if (!column.accepts(type) && type.kind !== 'nothing') {
    throw new UserError(
      `The column '${name}' (data.${column.field}) of '${key}' has ${describeType(type)}; expected ${column.expected} per row.`,
      column.advice,
    );
  }
  return { ...found, column, content: [name] };
}

function labelInPath({ columns, partitions }: ParquetSource, label: string | undefined) {
  const column = columns.find(({ name }) => name === label);
  if (column === undefined || column.isFolder || column.classNames) return undefined;
  return partitions.get(column.name) ?? undefined;
}

/** Returns the columns that can be features of rows, or that the task names. */
function rowColumns(columns: readonly SourceColumn[], task: Task): string[] {
  const named = 'numeric' in task ? [...(task.numeric ?? []), ...(task.categorical ?? [])] : [];
  const isRead = ({ name, nested, isIndex }: SourceColumn) =>
    !nested && (!isIndex || named.includes(name));
  return columns.filter(isRead).map(({ name }) => name);
}

/** @throws UserError if the id or the class is a column of lists, structs or maps. */
function requireSingleValues(
  { columns }: ParquetSource,
  key: string,
  names: readonly (string | undefined)[],
): void {
  const nested = columns.find((column) => column.nested && names.includes(column.name));
  if (nested === undefined) return;
  throw new UserError(
    `The column '${nested.name}' of '${key}' has ${describeType(nested.type)}; the id and the class are one text or number per row.`,
    'Name another column in data.id, data.label or task.target of distill.yaml, or convert this one.',
  );
}

function toExample(
  columns: Columns,
  row: number,
  position: string,
  plan: Plan,
  missing: ReadonlySet<string>,
): Example | Rejected {
  const item = toLabel(columns, row, position, plan, missing);
  if (isRejected(item)) return item;
  if (plan.column === undefined) {
    // As written: a user-supplied teacher may have learned spaces and "?".
    const values = Object.fromEntries(
      plan.content.map((column) => [column, toCell(columns.get(column)?.[row])]),
    );
    return { ...item, content: { kind: 'row', columns: values } };
  }
  const [name = ''] = plan.content;
  const content = plan.column.read(columns.get(name)?.[row]);
  return typeof content === 'string'
    ? {
        id: item.id,
        reason: `Its column '${name}' ${content}; expected ${plan.column.expected}.`,
      }
    : { ...item, content };
}

function toLabel(
  columns: Columns,
  row: number,
  position: string,
  plan: Plan,
  missing: ReadonlySet<string>,
): LabelOnly | Rejected {
  const textIn = (column: string) => toCell(columns.get(column)?.[row])?.toString().trim();
  const id = plan.id === undefined ? position : textIn(plan.id);
  if (id === undefined || missing.has(id)) {
    return { id: position, reason: `It has no ${plan.id}.` };
  }
  // data.missing must not hide a class unnoticed.
  const label = plan.label === undefined ? undefined : textIn(plan.label);
  if (plan.labelInPath !== undefined && label !== undefined && !isEqual(label, plan.labelInPath)) {
    const inPath = `${plan.label}=${plan.labelInPath}`;
    return {
      id,
      reason: `Its column '${plan.label}' has '${label}', but its path has '${inPath}'.`,
    };
  }
  return { id, label };
}

function isEqual(label: string, other: string): boolean {
  const comparable = (text: string) => numberSpelling(normalizeLabel(text)) ?? normalizeLabel(text);
  return comparable(label) === comparable(other);
}

/**
 * Converts a value of a column to text or number. Integers beyond 2^53 become text, so that none is
 * rounded; dates become ISO 8601. NaN, which pandas writes for a missing number, becomes null, and
 * so does a text of spaces.
 */
function toCell(value: unknown): Cell {
  switch (typeof value) {
    case 'number':
      return Number.isNaN(value) ? null : value;
    case 'bigint':
      return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    case 'boolean':
      return String(value);
    case 'string':
      return value.trim() === '' ? null : value;
    default:
      if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
      if (value instanceof Uint8Array) return textOfBytes(value);
      // Otherwise it is the value of a JSON column.
      return value === null || value === undefined ? null : JSON.stringify(value);
  }
}

/** Decodes bytes that are not marked as text. Bytes that are not UTF-8 differ as texts too. */
function textOfBytes(bytes: Uint8Array): string {
  return isUtf8(bytes) ? Buffer.from(bytes).toString('utf8') : Buffer.from(bytes).toString('hex');
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

async function sampleColumns(
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
