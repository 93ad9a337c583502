/**
 * Memory that the columns of a row group may take. A few bytes can stand for billions of values, so
 * the sizes that a file states are added up before anything is decoded.
 */
import type { Encoding, ParquetType, SchemaElement, SchemaTree } from 'hyparquet';
import { isFlatColumn } from 'hyparquet/src/schema.js';

/** Bytes that a row group may take, however small it is in the file. */
const freeBytes = 384 * 2 ** 20;

/** Bytes that a row group may take per byte in the file. */
const bytesPerStoredByte = 64;

/** Bytes per decoded value, by its form in memory. The bytes of its page count as well. */
const valueBytes = {
  /** A slot in a list: for values of a dictionary, which are shared, and for booleans. */
  shared: 12,
  number: 16,
  /** A number in a list with missing values is an object. */
  numberOrMissing: 40,
  date: 120,
  text: 48,
  /** Bytes, which are a view of the page; so are texts in deltas before they are decoded. */
  view: 160,
  /** A slot in a list or struct, to which the value is moved. */
  nested: 8,
  /** Two levels of a value in a list or struct, until the page is decoded. */
  levels: 16,
};

/** Bytes per row of lists or structs, without the values. */
const nestedRowBytes = 230;

/** A column whose values are decoded. */
export interface DecodedColumn {
  readonly type: ParquetType;
  readonly element: SchemaElement;
  /** Elements of the schema from the root to the column. */
  readonly path: readonly SchemaTree[];
}

/** Counts of the values in a page. */
interface ValueCounts {
  /** All values, including missing ones. */
  readonly count: number;
  readonly missing: number;
}

/** Memory of a page, in bytes. */
interface PageMemory {
  /** Memory of the values, which stay. */
  readonly kept: number;
  /** Memory that is free again once the page is decoded. */
  readonly temporary: number;
}

/** Returns the memory that the values of a page take. */
export function memoryOfValues(
  column: DecodedColumn,
  encoding: Encoding,
  { count, missing }: ValueCounts,
): PageMemory {
  const isFlat = isFlatColumn([...column.path]);
  const present = count - missing;
  const values =
    present * ownBytes(column, encoding, missing > 0 || !isFlat) + missing * valueBytes.shared;
  const views = isFloat16(column) ? present * valueBytes.view : 0;
  if (isFlat) return { kept: values, temporary: views };
  return { kept: values + count * valueBytes.nested, temporary: views + count * valueBytes.levels };
}

function ownBytes(column: DecodedColumn, encoding: Encoding, hasMissing: boolean): number {
  const { type, element } = column;
  if (encoding.endsWith('_DICTIONARY') || type === 'BOOLEAN') return valueBytes.shared;
  const isBytes = type === 'BYTE_ARRAY' || type === 'FIXED_LEN_BYTE_ARRAY';
  if (isBytes && !isFloat16(column)) {
    const isText = element.converted_type === 'UTF8' || element.logical_type?.type === 'STRING';
    return isText && encoding === 'PLAIN' ? valueBytes.text : valueBytes.view;
  }
  if (isTime(column)) return valueBytes.date;
  return hasMissing ? valueBytes.numberOrMissing : valueBytes.number;
}

/** Returns whether the values are numbers that the file has as bytes. */
function isFloat16({ element }: DecodedColumn): boolean {
  return element.logical_type?.type === 'FLOAT16';
}

/** Returns whether the values become dates. */
export function isTime({ type, element }: Pick<DecodedColumn, 'type' | 'element'>): boolean {
  const { converted_type: converted, logical_type: logical } = element;
  return type === 'INT96' || /^(DATE|TIMESTAMP)/.test(converted ?? logical?.type ?? '');
}

/** Returns the memory that a row takes besides its values. */
export function bytesOfRow({ path }: DecodedColumn): number {
  return isFlatColumn([...path]) ? 0 : nestedRowBytes;
}

/** Memory that is left for the columns of a row group. */
export interface DecodeBudget {
  /** Adds bytes that will be decoded. @throws Error if the row group exceeds its limit. */
  take(bytes: number): void;
  /** Checks the temporary bytes of a page. @throws Error if they exceed what is left. */
  requireTemporary(bytes: number): void;
  /** Returns a function that gives back all bytes taken since: for a second attempt. */
  mark(): () => void;
}

/** Creates the budget of a row group. @param storedBytes Size of the read columns in the file. */
export function createBudget(storedBytes: number): DecodeBudget {
  const limit = freeBytes + bytesPerStoredByte * storedBytes;
  let taken = 0;
  const requireRoom = (bytes: number) => {
    if (taken + bytes <= limit) return;
    throw new Error(
      `the columns of its row group take more than ${Math.round(limit / 2 ** 20)} MiB of memory; write the file with smaller row groups (in pyarrow and pandas: row_group_size=1000)`,
    );
  };
  return {
    take(bytes) {
      taken += bytes;
      requireRoom(0);
    },
    requireTemporary: requireRoom,
    mark() {
      const before = taken;
      return () => {
        taken = before;
      };
    },
  };
}
