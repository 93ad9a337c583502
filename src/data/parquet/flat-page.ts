/**
 * Decodes pages of columns without lists and structs. This takes about 8 bytes per value, because
 * values go directly into their list. hyparquet takes 36.
 */
import type { DecodedArray } from 'hyparquet';
import { convert } from 'hyparquet/src/convert.js';
import { readDataPage } from 'hyparquet/src/datapage.js';
import { readPlain } from 'hyparquet/src/plain.js';
import { isTime } from './budget.ts';
import { decodeRuns, type Runs } from './encodings.ts';
import type { CheckedPage } from './page.ts';

/** A column in the form of hyparquet. */
type Decoder = Parameters<typeof convert>[1];

/** Values per block, if each is an object before it is converted. */
const blockValues = 8_192;

/**
 * Decodes a page that was checked.
 *
 * @param wanted Number of rows to decode, from the first of the page.
 * @returns the values of these rows; missing ones are null.
 */
export function readFlatPage(
  bytes: Uint8Array<ArrayBuffer>,
  page: CheckedPage,
  decoder: Decoder,
  dictionary: DecodedArray | undefined,
  wanted: number,
): DecodedArray {
  const rows = Math.min(page.count, wanted);
  if (page.missing === 0) return readValues(bytes, page, decoder, dictionary, { rows, used: rows });
  const present = presentRows(bytes, page.levels!, rows);
  const used = present.reduce((sum, bit) => sum + bit, 0);
  return spread(readValues(bytes, page, decoder, dictionary, { rows, used }), present, used);
}

/** Returns 1 for each row that has a value. */
function presentRows(bytes: Uint8Array, levels: Runs, rows: number): Uint8Array {
  const present = new Uint8Array(rows);
  decodeRuns(bytes, { ...levels, count: rows }, (level, from, to) => {
    if (level === 1) present.fill(1, from, to);
  });
  return present;
}

/** Sizes of a list of values. */
interface Sizes {
  /** Number of rows, for which the list has room. */
  readonly rows: number;
  /** Number of values, which are those of the rows without missing ones. */
  readonly used: number;
}

function readValues(
  bytes: Uint8Array<ArrayBuffer>,
  { encoding, start, count, missing }: CheckedPage,
  decoder: Decoder,
  dictionary: DecodedArray | undefined,
  sizes: Sizes,
): DecodedArray {
  if (encoding === 'PLAIN_DICTIONARY' || encoding === 'RLE_DICTIONARY') {
    const runs = { start: start + 1, end: bytes.length, width: bytes[start] ?? 0 };
    return fromRuns(bytes, runs, dictionary!, sizes);
  }
  // Their length precedes the runs.
  if (encoding === 'RLE') {
    return fromRuns(bytes, { start: start + 4, end: bytes.length, width: 1 }, booleans, sizes);
  }
  if (encoding === 'PLAIN') return readPlainValues(bytes, start, decoder, sizes);
  // Each delta is from the previous value, so all are decoded.
  const header = { num_values: count - missing, encoding, ...runLengths };
  const withoutLevels = { ...decoder, schemaPath: [] };
  const { dataPage } = readDataPage(bytes.subarray(start), header, withoutLevels);
  return convert(dataPage.slice(0, sizes.used), decoder);
}

const runLengths = {
  definition_level_encoding: 'RLE',
  repetition_level_encoding: 'RLE',
} as const;

/** The dictionary of booleans, which are runs of 0 and 1. */
const booleans = [false, true];

function fromRuns(
  bytes: Uint8Array,
  runs: Pick<Runs, 'start' | 'end' | 'width'>,
  dictionary: DecodedArray,
  sizes: Sizes,
): DecodedArray {
  const values = listFor(sizes);
  const count = sizes.used;
  if (runs.width === 0) return values.fill(dictionary[0], 0, count);
  decodeRuns(bytes, { ...runs, count }, (index, from, to) => {
    const value: unknown = dictionary[index];
    if (to === from + 1) values[from] = value;
    else values.fill(value, from, to);
  });
  return values;
}

function readPlainValues(
  bytes: Uint8Array<ArrayBuffer>,
  start: number,
  decoder: Decoder,
  sizes: Sizes,
): DecodedArray {
  const { type, element } = decoder;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const reader = { view, offset: start };
  const read = (count: number) =>
    convert(readPlain(reader, type, count, element.type_length), decoder);
  const isNumber = /^(INT32|INT64|FLOAT|DOUBLE)$/.test(type);
  if (isNumber && !isTime(decoder)) return read(sizes.used);
  const values = listFor(sizes);
  for (let from = 0; from < sizes.used; from += blockValues) {
    const block = read(Math.min(blockValues, sizes.used - from));
    for (let index = 0; index < block.length; index++) values[from + index] = block[index];
  }
  return values;
}

/** Creates a list with room for all rows. If some are missing, it holds objects from the start. */
function listFor({ rows, used }: Sizes): unknown[] {
  const values = new Array<unknown>(rows);
  if (used < rows) values[rows - 1] = null;
  return values;
}

/** Moves the first `used` values to their rows, from the last to the first; other rows are null. */
function spread(values: DecodedArray, present: Uint8Array, used: number): DecodedArray {
  // V8 is slow to fill a list from behind its end.
  const hasRoom = Array.isArray(values) && values.length === present.length;
  const rows: unknown[] = hasRoom ? values : listFor({ rows: present.length, used: 0 });
  let next = used;
  for (let row = present.length - 1; row >= 0; row--) {
    rows[row] = present[row] === 1 ? values[--next] : null;
  }
  return rows;
}
