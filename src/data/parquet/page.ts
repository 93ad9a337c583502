/** Checks that a page has what its header states, before hyparquet decodes it. */
import type { Encoding, PageHeader } from 'hyparquet';
import { deltaBinaryUnpack } from 'hyparquet/src/delta.js';
import { getMaxDefinitionLevel, getMaxRepetitionLevel } from 'hyparquet/src/schema.js';
import { bytesOfRow, type DecodeBudget, type DecodedColumn, memoryOfValues } from './budget.ts';
import { checkRuns, endOfDeltas, type Runs } from './encodings.ts';
import { maxDecimalBytes } from './footer.ts';

/** Maximum number of values in the header of a page. */
export const maxHeaderValues = 200;

/** Maximum number of values in a page. */
const maxPageValues = 2 ** 31;

/** A page without compression. */
export interface OpenPage {
  /** Header in which both sizes are that of `bytes`. */
  readonly header: PageHeader;
  /** Levels and values, in a buffer of their own. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Offset of the next page in the column. */
  readonly end: number;
}

/** The column of a page. */
export interface PageColumn extends DecodedColumn {
  /** Values of the dictionary, if the column has had one so far. */
  readonly dictionarySize: number | undefined;
}

/** Values of a page. */
interface Values {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Offset of the first. */
  readonly start: number;
  readonly count: number;
}

/** A page of values that was checked. */
export interface CheckedPage {
  /** Number of values, including missing ones. */
  readonly count: number;
  readonly missing: number;
  /** Definition levels. In a column without lists, 1 is a value and 0 a missing one. */
  readonly levels: Runs | undefined;
  /** Offset of the values in the page. */
  readonly start: number;
  readonly encoding: Encoding;
}

/**
 * Checks a dictionary, and takes its memory from the budget.
 * @throws Error if decoding it would leave its bytes or exceed the budget.
 */
export function checkDictionaryPage(
  { header, bytes }: OpenPage,
  column: PageColumn,
  budget: DecodeBudget,
): void {
  const count = requireCount(header.dictionary_page_header?.num_values, maxPageValues, 'values');
  const { kept, temporary } = memoryOfValues(column, 'PLAIN', { count, missing: 0 });
  budget.take(kept);
  budget.requireTemporary(temporary);
  checkPlain({ bytes, start: 0, count }, column);
}

/**
 * Checks a page of values, and takes its memory from the budget.
 * @throws Error if decoding it would leave its bytes or exceed the budget.
 */
export function checkPage(
  { header, bytes }: OpenPage,
  column: PageColumn,
  budget: DecodeBudget,
): CheckedPage {
  const { data_page_header: v1, data_page_header_v2: v2 } = header;
  const isV2 = header.type === 'DATA_PAGE_V2';
  const stated = isV2 ? v2 : v1;
  if (stated === undefined) throw new Error(`a page has the unknown type ${header.type}`);
  const { encoding } = stated;
  const count = requireCount(stated.num_values, maxPageValues, 'values');
  const { rows, missing, levels, start } = checkLevels(header, bytes, column, count);
  const { kept, temporary } = memoryOfValues(column, encoding, { count, missing });
  budget.take(kept + rows * bytesOfRow(column));
  budget.requireTemporary(temporary);
  checkValues({ bytes, start, count: count - missing }, encoding, isV2, column, budget);
  return { count, missing, levels, start, encoding };
}

/**
 * Checks the levels of a page.
 * @returns the number of rows that start in the page, the number of missing values, the definition
 *   levels, and the offset of the values.
 */
function checkLevels(
  header: PageHeader,
  bytes: Uint8Array<ArrayBuffer>,
  { path }: PageColumn,
  count: number,
): Pick<CheckedPage, 'start' | 'missing' | 'levels'> & { readonly rows: number } {
  const { data_page_header: v1, data_page_header_v2: v2 } = header;
  // A row starts at each value of repetition level 0.
  const repetition = checkLevelsAt(
    { bytes, start: 0, count },
    {
      max: path.length > 1 ? getMaxRepetitionLevel([...path]) : 0,
      encoding: v1?.repetition_level_encoding,
      length: v2?.repetition_levels_byte_length,
      counted: 0,
    },
  );
  const max = getMaxDefinitionLevel([...path]);
  const definition = checkLevelsAt(
    { bytes, start: repetition.end, count },
    {
      max,
      encoding: v1?.definition_level_encoding,
      length: v2?.definition_levels_byte_length,
      counted: max,
    },
  );
  const missing = count - definition.occurrences;
  if (v2 !== undefined && v2.num_nulls !== missing) {
    throw new Error(`a page has ${missing} missing values, and its header states ${v2.num_nulls}`);
  }
  const { end, runs } = definition;
  return { rows: repetition.occurrences, start: end, missing, levels: runs };
}

/** The repetition levels or the definition levels of a page, as its header states them. */
interface Levels {
  /** Largest level of the column; 0 if the page has none. */
  readonly max: number;
  readonly encoding: Encoding | undefined;
  /** Size in bytes, in version 2 of pages. In version 1, the levels start with it. */
  readonly length: number | undefined;
  /** A level whose occurrences are counted. */
  readonly counted: number;
}

/** Checks the levels that start at an offset. @returns their end, and the count of one level. */
function checkLevelsAt(
  { bytes, start, count }: Values,
  { max, encoding, length, counted }: Levels,
): { readonly end: number; readonly occurrences: number; readonly runs: Runs | undefined } {
  if (max === 0) return { end: start + (length ?? 0), occurrences: count, runs: undefined };
  if (encoding !== undefined && encoding !== 'RLE') {
    throw new Error(`the encoding ${encoding} of levels is not supported`);
  }
  const from = length === undefined ? start + 4 : start;
  const end = from + (length ?? readLength(bytes, start));
  if (end > bytes.length) throw new Error('its levels leave the page');
  // hyparquet reads the same number of bits.
  const width = 32 - Math.clz32(max);
  const runs = { start: from, end: bytes.length, width, count, limit: max + 1 };
  return { end, occurrences: checkRuns(bytes, runs, counted), runs };
}

function checkValues(
  values: Values,
  encoding: Encoding,
  isV2: boolean,
  column: PageColumn,
  budget: DecodeBudget,
): void {
  const { bytes, start, count } = values;
  switch (encoding) {
    case 'PLAIN':
      checkPlain(values, column);
      break;
    case 'PLAIN_DICTIONARY':
    case 'RLE_DICTIONARY':
      checkDictionary(values, isV2, column);
      break;
    case 'RLE':
      checkBooleans(values, column);
      break;
    case 'BYTE_STREAM_SPLIT':
      requireBytes(values, widthOf(column));
      break;
    case 'DELTA_BINARY_PACKED':
      endOfDeltas(bytes, start, count);
      break;
    case 'DELTA_LENGTH_BYTE_ARRAY':
      endOfDeltas(bytes, start, count);
      requireDecimals(deltasOf(values).numbers, column);
      break;
    case 'DELTA_BYTE_ARRAY':
      checkPrefixes(values, column, budget);
      break;
    default:
      throw new Error(`the encoding ${String(encoding)} is not supported`);
  }
}

function checkBooleans({ bytes, start, count }: Values, { type }: PageColumn): void {
  if (type !== 'BOOLEAN') throw new Error(`the encoding RLE of ${type} is not supported`);
  const end = start + 4 + readLength(bytes, start);
  if (end > bytes.length) throw new Error('a run leaves the page');
  checkRuns(bytes, { start: start + 4, end, width: 1, count, limit: 2 });
}

function checkPlain(values: Values, column: PageColumn): void {
  const { bytes, start, count } = values;
  if (column.type === 'BOOLEAN') {
    requireBytes({ ...values, count: Math.ceil(count / 8) }, 1);
    return;
  }
  if (column.type !== 'BYTE_ARRAY') {
    requireBytes(values, widthOf(column));
    return;
  }
  requireBytes(values, 4);
  const view = new DataView(bytes.buffer);
  const maxLength = maxLengthOf(column);
  // The last possible offset of a length.
  const last = bytes.length - 4;
  let offset = start;
  for (let index = 0; index < count; index++) {
    if (offset > last) throw new Error('a length leaves the page');
    const length = view.getUint32(offset, true);
    if (length > maxLength) throw new Error('a decimal is too long');
    offset += 4 + length;
  }
  if (offset > bytes.length) throw new Error('a value leaves the page');
}

function checkDictionary({ bytes, start, count }: Values, isV2: boolean, column: PageColumn): void {
  const limit = column.dictionarySize;
  if (limit === undefined) throw new Error('a page needs a dictionary, and there is none');
  if (column.type === 'BOOLEAN') throw new Error('a dictionary of booleans is not supported');
  const width = bytes[start] ?? 0;
  if (width === 0 && !isV2) {
    // hyparquet then gives all rows the first value.
    if (count > 0 && limit === 0) throw new Error('its dictionary is empty');
    return;
  }
  checkRuns(bytes, { start: start + 1, end: bytes.length, width, count, limit });
}

/** Checks values that share a prefix with the previous value. */
function checkPrefixes(values: Values, column: PageColumn, budget: DecodeBudget): void {
  const { bytes, start, count } = values;
  const second = endOfDeltas(bytes, start, count);
  const prefixes = deltasOf(values);
  endOfDeltas(bytes, prefixes.end, count);
  if (prefixes.end !== second) throw new Error('its deltas leave the page');
  const suffixes = deltasOf({ ...values, start: prefixes.end }).numbers;
  const lengths = new Float64Array(count);
  for (let index = 0; index < count; index++) {
    const prefix = prefixes.numbers[index]!;
    const before = index === 0 ? 0 : lengths[index - 1]!;
    if (prefix < 0 || prefix > before || suffixes[index]! < 0) {
      throw new Error('a value has a longer prefix than the previous value');
    }
    lengths[index] = prefix + suffixes[index]!;
    budget.take(prefix);
  }
  requireDecimals(lengths, column);
}

function deltasOf({ bytes, start, count }: Values): { numbers: Int32Array; end: number } {
  const numbers = new Int32Array(count);
  const reader = { view: new DataView(bytes.buffer), offset: start };
  deltaBinaryUnpack(reader, count, numbers);
  return { numbers, end: reader.offset };
}

function requireDecimals(lengths: ArrayLike<number>, column: PageColumn): void {
  const maxLength = maxLengthOf(column);
  if (maxLength === Number.POSITIVE_INFINITY) return;
  for (let index = 0; index < lengths.length; index++) {
    if (lengths[index]! > maxLength) throw new Error('a decimal is too long');
  }
}

/** Limits decimals: the time in which hyparquet converts one grows by the square of its length. */
function maxLengthOf({ element }: PageColumn): number {
  return element.converted_type === 'DECIMAL' ? maxDecimalBytes : Number.POSITIVE_INFINITY;
}

function requireBytes({ bytes, start, count }: Values, width: number): void {
  if (count * width > bytes.length - start) {
    throw new Error(`a page has ${bytes.length} bytes, which are not ${count} values`);
  }
}

/** Returns the bytes of a value of a type with one length. */
function widthOf(column: PageColumn): number {
  const { type, element } = column;
  switch (type) {
    case 'INT32':
    case 'FLOAT':
      return 4;
    case 'INT64':
    case 'DOUBLE':
      return 8;
    case 'INT96':
      return 12;
    case 'FIXED_LEN_BYTE_ARRAY':
      requireDecimals([element.type_length ?? 0], column);
      return element.type_length ?? 1;
    default:
      throw new Error(`the type ${type} has no values of one length`);
  }
}

/** Reads the length that precedes levels, runs and values. */
function readLength(bytes: Uint8Array<ArrayBuffer>, start: number): number {
  if (start + 4 > bytes.length) throw new Error('a length leaves the page');
  return new DataView(bytes.buffer).getUint32(start, true);
}

/** @throws Error if a number of a page's header is not an integer from 0 to the limit. */
export function requireCount(value: unknown, limit: number, what: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= limit) {
    return value;
  }
  throw new Error(`a page has ${String(value)} ${what}, and at most ${limit} are possible`);
}
