/**
 * Writes a table of texts, numbers and lists as Parquet, batch by batch. Rows go into
 * typed arrays and from there into row groups, so that a reader needs only one group in memory.
 * The same rows give the same bytes.
 *
 * The library takes lists only as arrays of arrays, at a third of a microsecond per item. So lists
 * of floats bypass it: one typed array goes directly to its function that writes a column.
 */

import type { SchemaElement } from 'hyparquet';
import { ByteWriter, type ColumnSource, ParquetWriter } from 'hyparquet-writer';
import { sum } from '../../arrays.ts';
import { listWriter } from './list-pages.ts';
import { sealDigest, sealFooter, sealingProgram, sealKey, spanOf } from './seal.ts';

export type ColumnType =
  | 'text'
  /** Lists of texts, of any length. */
  | 'texts'
  | 'int32'
  | 'float'
  /** Lists of one length, of numbers of 32 bits or of 16. */
  | { readonly floats: number; readonly bits?: 16 | 32 };

/**
 * One column of a batch. Lists of texts are arrays; lists of floats are row-major, [n, floats].
 * Floats of 16 bits are given as their bits.
 */
export type ColumnBatch =
  | readonly string[]
  | readonly (readonly string[])[]
  | Int32Array
  | Float32Array
  | Uint16Array;

export interface TableWriter {
  /**
   * Adds rows; `batch` has every column.
   * @throws RangeError if the number of a column's values does not fit the number of rows.
   */
  append(rows: number, batch: Readonly<Record<string, ColumnBatch>>): void;
  /** Returns the bytes since the last call, so that memory does not grow with the rows. */
  take(): Uint8Array;
  /** Ends the file and returns its bytes since the last `take`. */
  finish(keyValues?: Readonly<Record<string, string>>): Uint8Array;
}

/** Rows per row group; fewer if lists are long. */
const maxGroupRows = 10_000;
const maxGroupFloats = 2 ** 20;

/** Creates a writer. Columns of lists of floats come last. */
export function createTableWriter(columns: Readonly<Record<string, ColumnType>>): TableWriter {
  const entries = Object.entries(columns);
  const floats = sum(entries.map(([, type]) => width(type)));
  const groupRows = Math.max(1, Math.min(maxGroupRows, Math.floor(maxGroupFloats / floats)));
  const bytes = new ByteWriter();
  const schema = [{ name: 'root', num_children: entries.length }, ...entries.flatMap(schemaOf)];
  const writer = new ParquetWriter({ writer: bytes, schema, createdBy: sealingProgram });
  const pending = entries.map(([name, type]) => ({ name, type, room: makeRoom(type, groupRows) }));
  const lists = entries.flatMap(([name, type]) =>
    typeof type === 'object'
      ? [{ name, write: listWriter(name, schemaOf([name, type]), type.floats, groupRows) }]
      : [],
  );
  const digests: string[][] = [];
  let filled = 0;

  const flush = () => {
    if (filled === 0) return;
    const columnData = pending
      .filter(({ type }) => typeof type !== 'object')
      .map(({ name, type, room }): ColumnSource => {
        // Rooms of 16 bits are of lists of floats.
        const data = room.slice(0, filled) as Exclude<Room, Uint16Array>;
        const source = { name, data, encoding: 'PLAIN' as const };
        // Compression does not make floats smaller.
        return type === 'text' || type === 'texts'
          ? source
          : { ...source, codec: 'UNCOMPRESSED', statistics: false };
      });
    // A ByteWriter writes to memory, so there is nothing to await.
    void writer.write({ columnData, rowGroupSize: groupRows });
    for (const { name, write } of lists) {
      const { room } = pending.find((column) => column.name === name)!;
      write(writer, room as Float32Array | Uint16Array, filled);
    }
    digests.push(
      writer.row_groups.at(-1)!.columns.map((chunk) => {
        const { start, end } = spanOf(chunk);
        // The buffer begins where the last `take` ended.
        const position = bytes.index - (bytes.offset - start);
        return sealDigest(bytes.getBytes().subarray(position, position + end - start));
      }),
    );
    filled = 0;
  };
  /** Writes the footer; the next call writes it again in the same place. */
  const writeFooter = (keyValues: Readonly<Record<string, string>>) => {
    const { offset, index } = bytes;
    writer.kvMetadata = Object.entries(keyValues).map(([key, value]) => ({ key, value }));
    void writer.finish();
    const file = bytes.getBytes().slice();
    [bytes.offset, bytes.index] = [offset, index];
    return file;
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
    take() {
      const taken = bytes.getBytes().slice();
      // Offsets in the file are counted apart from this position in the buffer.
      bytes.index = 0;
      return taken;
    },
    finish(keyValues = {}) {
      flush();
      return sealFooter(digests, (seal) => writeFooter({ ...keyValues, [sealKey]: seal }));
    },
  };
}

/** Returns the number of values per row. */
function width(type: ColumnType): number {
  return typeof type === 'object' ? type.floats : 1;
}

function schemaOf([name, type]: [string, ColumnType]): SchemaElement[] {
  const required = { name, repetition_type: 'REQUIRED' as const };
  if (type === 'text') return [{ ...required, type: 'BYTE_ARRAY', converted_type: 'UTF8' }];
  if (type === 'texts') {
    return listOf(name, { type: 'BYTE_ARRAY', converted_type: 'UTF8' });
  }
  if (type === 'int32') return [{ ...required, type: 'INT32' }];
  if (type === 'float') return [{ ...required, type: 'FLOAT' }];
  return listOf(name, type.bits === 16 ? half : single);
}

function listOf(name: string, item: Partial<SchemaElement>): SchemaElement[] {
  return [
    { name, repetition_type: 'REQUIRED', converted_type: 'LIST', num_children: 1 },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    { name: 'element', repetition_type: 'REQUIRED', ...item },
  ];
}

const single: Partial<SchemaElement> = { type: 'FLOAT' };
const half: Partial<SchemaElement> = {
  type: 'FIXED_LEN_BYTE_ARRAY',
  type_length: 2,
  logical_type: { type: 'FLOAT16' },
};

type Room = string[] | (readonly string[])[] | Int32Array | Float32Array | Uint16Array;

function makeRoom(type: ColumnType, rows: number): Room {
  if (type === 'text' || type === 'texts') return [];
  if (type === 'int32') return new Int32Array(rows);
  const length = rows * width(type);
  return typeof type === 'object' && type.bits === 16
    ? new Uint16Array(length)
    : new Float32Array(length);
}

function copyRows(batch: ColumnBatch, from: number, count: number, room: Room, to: number): void {
  for (let index = 0; index < count; index++) room[to + index] = batch[from + index]!;
}
