/**
 * Writes a table of texts, numbers and lists of floats as Parquet, batch by batch: rows go into
 * typed arrays and from there into row groups, so that a reader needs only one group in memory.
 * The same rows give the same bytes.
 */
import type { DecodedArray } from 'hyparquet';
import { ByteWriter, type ColumnSource, ParquetWriter, type SchemaElement } from 'hyparquet-writer';

export type ColumnType = 'text' | 'int32' | 'float' | { readonly floats: number };

/** One column of a batch: a list of floats is given row by row, [n, floats]. */
export type ColumnBatch = readonly string[] | Int32Array | Float32Array;

export interface TableWriter {
  /**
   * Adds rows; `batch` has every column.
   * @throws RangeError when a column has not as many values as there are rows.
   */
  append(rows: number, batch: Readonly<Record<string, ColumnBatch>>): void;
  /** Ends the file. */
  finish(keyValues?: Readonly<Record<string, string>>): Uint8Array;
}

/** Rows of a row group; fewer when lists are long. */
const maxGroupRows = 10_000;
const maxGroupFloats = 2 ** 20;

export function createTableWriter(columns: Readonly<Record<string, ColumnType>>): TableWriter {
  const entries = Object.entries(columns);
  const floats = entries.reduce((sum, [, type]) => sum + width(type), 0);
  const groupRows = Math.max(1, Math.min(maxGroupRows, Math.floor(maxGroupFloats / floats)));
  const bytes = new ByteWriter();
  const schema = [{ name: 'root', num_children: entries.length }, ...entries.flatMap(schemaOf)];
  const writer = new ParquetWriter({ writer: bytes, schema, createdBy: 'counterweight' });
  const pending = entries.map(([name, type]) => ({ name, type, room: makeRoom(type, groupRows) }));
  let filled = 0;

  const flush = () => {
    if (filled === 0) return;
    const columnData = pending.map(({ name, type, room }): ColumnSource => {
      const source = { name, data: takeRows(room, type, filled), encoding: 'PLAIN' as const };
      // Floats do not shrink, and statistics of lists serve nobody.
      return type === 'text' ? source : { ...source, codec: 'UNCOMPRESSED', statistics: false };
    });
    // Nothing to await: a ByteWriter writes to memory.
    void writer.write({ columnData, rowGroupSize: groupRows });
    filled = 0;
  };

  return {
    append(rows, batch) {
      for (const { name, type } of pending) {
        const expected = rows * width(type);
        if (batch[name]?.length !== expected) {
          throw new RangeError(`column ${name}: ${batch[name]?.length} values, not ${expected}`);
        }
      }
      for (let from = 0; from < rows; ) {
        const count = Math.min(rows - from, groupRows - filled);
        for (const { name, type, room } of pending) {
          copyRows(
            batch[name]!,
            from * width(type),
            count * width(type),
            room,
            filled * width(type),
          );
        }
        from += count;
        filled += count;
        if (filled === groupRows) flush();
      }
    },
    finish(keyValues = {}) {
      flush();
      writer.kvMetadata = Object.entries(keyValues).map(([key, value]) => ({ key, value }));
      void writer.finish();
      return bytes.getBytes().slice();
    },
  };
}

/** Values of one row. */
function width(type: ColumnType): number {
  return typeof type === 'object' ? type.floats : 1;
}

function schemaOf([name, type]: [string, ColumnType]): SchemaElement[] {
  const required = { name, repetition_type: 'REQUIRED' as const };
  if (type === 'text') return [{ ...required, type: 'BYTE_ARRAY', converted_type: 'UTF8' }];
  if (type === 'int32') return [{ ...required, type: 'INT32' }];
  if (type === 'float') return [{ ...required, type: 'FLOAT' }];
  return [
    { ...required, converted_type: 'LIST', num_children: 1 },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    { name: 'element', repetition_type: 'REQUIRED', type: 'FLOAT' },
  ];
}

type Room = string[] | Int32Array | Float32Array;

function makeRoom(type: ColumnType, rows: number): Room {
  if (type === 'text') return [];
  return type === 'int32' ? new Int32Array(rows) : new Float32Array(rows * width(type));
}

function copyRows(batch: ColumnBatch, from: number, count: number, room: Room, to: number): void {
  for (let index = 0; index < count; index++) room[to + index] = batch[from + index]!;
}

/** The rows as hyparquet-writer wants them: a list as a plain array. */
function takeRows(room: Room, type: ColumnType, rows: number): DecodedArray {
  if (typeof type !== 'object') return room.slice(0, rows);
  const size = type.floats;
  return Array.from({ length: rows }, (_, row) => [...room.slice(row * size, (row + 1) * size)]);
}
