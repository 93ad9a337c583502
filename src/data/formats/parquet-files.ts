/** Parquet files, read one row group at a time and only the columns that the task needs. */
import { isUtf8 } from 'node:buffer';
import type { DecodedArray } from 'hyparquet';
import type { ObjectStore } from '../../store/store.ts';
import type { ColumnsConfig } from '../columns-config.ts';
import { type Example, isRejected, type LabelOnly, type Rejected } from '../example.ts';
import type { Cell } from '../features/row-values.ts';
import { labelOfNames } from '../label-list.ts';
import { nameOf } from '../layout.ts';
import { pathConflict } from '../partitions.ts';
import type { Piece, SetName, Shard } from '../shard.ts';
import { ParquetError } from '../tables/parquet-file.ts';
import type { FormatFiles } from './format.ts';
import {
  allColumns,
  type ColumnChooser,
  labelColumns,
  type ReadColumns,
} from './parquet-columns.ts';
import { cutParquet, sampleColumns } from './parquet-cut.ts';
import { openSource, type ParquetSource } from './parquet-source.ts';
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

/** Columns of one row group, by name. */
type Columns = ReadonlyMap<string, DecodedArray>;

/** Makes an example, or its label, of one row. */
type RowConverter<Item> = (
  columns: Columns,
  row: number,
  position: string,
  chosen: ReadColumns,
  missing: ReadonlySet<string>,
) => Item | Rejected;

async function* readParquet<Item>(
  store: ObjectStore,
  shard: Shard,
  config: ColumnsConfig,
  choose: ColumnChooser,
  convert: RowConverter<Item>,
): AsyncGenerator<Item | Rejected> {
  for (const piece of shard.pieces) {
    yield* readPiece(store, piece, shard.set, config, choose, convert);
  }
}

async function* readPiece<Item>(
  store: ObjectStore,
  piece: Piece,
  set: SetName,
  config: ColumnsConfig,
  choose: ColumnChooser,
  convert: RowConverter<Item>,
): AsyncGenerator<Item | Rejected> {
  const name = nameOf(piece);
  let file: ParquetSource;
  try {
    file = await openSource(store, piece, config.task.classes);
  } catch (error) {
    yield { id: name, reason: damagedReason(error), ...lostRows(piece.rows) };
    return;
  }
  const chosen = choose(file, piece.key, set, config);
  const names = [...new Set([chosen.id, chosen.label, ...chosen.content])].filter(
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
      yield convert(columns, row, `${name}:${group.start + row}`, chosen, missing);
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

function toExample(
  columns: Columns,
  row: number,
  position: string,
  chosen: ReadColumns,
  missing: ReadonlySet<string>,
): Example | Rejected {
  const item = toLabel(columns, row, position, chosen, missing);
  if (isRejected(item)) return item;
  if (chosen.cells !== undefined) {
    const cells = chosen.cells.names.map((name) => toCell(columns.get(name)?.[row]));
    const content = chosen.cells.read(cells);
    return typeof content === 'string' ? { id: item.id, reason: content } : { ...item, content };
  }
  if (chosen.column === undefined) {
    // Texts stay as written, because a user-supplied teacher may have learned spaces and "?".
    const values = Object.fromEntries(
      chosen.content.map((column) => [column, toCell(columns.get(column)?.[row])]),
    );
    return { ...item, content: { kind: 'row', columns: values } };
  }
  const [name = ''] = chosen.content;
  const content = chosen.column.read(columns.get(name)?.[row]);
  return typeof content === 'string'
    ? {
        id: item.id,
        reason: `Its column '${name}' ${content}; expected ${chosen.column.expected}.`,
      }
    : { ...item, content };
}

function toLabel(
  columns: Columns,
  row: number,
  position: string,
  { id: idName, label: labelName, labelInPath }: ReadColumns,
  missing: ReadonlySet<string>,
): LabelOnly | Rejected {
  const id = idName === undefined ? position : textOf(columns.get(idName)?.[row]);
  if (id === undefined || missing.has(id)) return { id: position, reason: `It has no ${idName}.` };
  // A text of data.missing stays, because it may be a class: `read.ts` decides.
  const value = labelName === undefined ? undefined : columns.get(labelName)?.[row];
  const label = Array.isArray(value) ? labelOfNames(value.map(toCell)) : textOf(value);
  const reason = pathConflict(labelName, label, labelInPath);
  return reason === undefined ? { id, label } : { id, reason };
}

function textOf(value: unknown): string | undefined {
  return toCell(value)?.toString().trim();
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

/** Decodes bytes that are not marked as text, as UTF-8. Other bytes become hexadecimal digits. */
function textOfBytes(bytes: Uint8Array): string {
  return isUtf8(bytes) ? Buffer.from(bytes).toString('utf8') : Buffer.from(bytes).toString('hex');
}
