/**
 * Checks the encodings of a page. hyparquet trusts the lengths of runs and blocks; here each is
 * compared with the number of values and with the bytes of the page, before hyparquet decodes them.
 *
 * @see https://github.com/apache/parquet-format/blob/master/Encodings.md
 */

/** Maximum bits of a number of the dictionary; hyparquet gives wrong numbers beyond. */
const maxBits = 24;

/** Maximum packed groups of a run: hyparquet counts their numbers in 32 bits. */
const maxGroups = 2 ** 27;

/** Maximum numbers in a block of deltas. Writers use 128 or 256. */
const maxDeltaBlock = 2 ** 16;

/** Numbers of equal width, as runs of one number and as packed groups of eight. */
export interface Runs {
  readonly start: number;
  readonly end: number;
  /** Bits of a number. */
  readonly width: number;
  /** Numbers that are needed. */
  readonly count: number;
  /** Limit of the numbers, exclusive. */
  readonly limit: number;
}

/**
 * Checks runs of numbers.
 *
 * @param counted A number whose occurrences are counted.
 * @returns the occurrences.
 * @throws Error if a run leaves its bytes, has more numbers than are needed, or a number is too
 *   large.
 */
export function checkRuns(
  bytes: Uint8Array,
  { start, end, width, count, limit }: Runs,
  counted?: number,
): number {
  if (width > maxBits) throw new Error(`its numbers have ${width} bits`);
  let offset = start;
  let seen = 0;
  let occurrences = 0;
  while (seen < count) {
    const header = readVarint(bytes, offset, end);
    offset = header.end;
    const isPacked = header.value % 2 === 1;
    const length = Math.floor(header.value / 2);
    const size = isPacked ? length * width : Math.ceil(width / 8);
    if (size > end - offset) throw new Error('a run leaves the page');
    if (isPacked) {
      // hyparquet miscounts the bytes of an empty run, and of a run without bits before others.
      const isLast = length * 8 >= count - seen;
      if (length === 0 || (width === 0 && !isLast)) throw new Error('a run is empty');
      if (length > maxGroups) throw new Error('a run is too long');
      const used = Math.min(count - seen, length * 8);
      occurrences += checkPacked(bytes, { start: offset, end, width, count: used, limit }, counted);
      seen += used;
    } else {
      if (length > count - seen) throw new Error('a run is too long');
      const value = readNumber(bytes, offset, size);
      if (value >= limit) throw new Error(`a run has the number ${value}`);
      if (value === counted) occurrences += length;
      seen += length;
    }
    offset += size;
  }
  return occurrences;
}

/**
 * Decodes runs that were checked.
 * @param put Receives each number with the range of its indexes, half-open.
 */
export function decodeRuns(
  bytes: Uint8Array,
  { start, end, width, count }: Omit<Runs, 'limit'>,
  put: (value: number, from: number, to: number) => void,
): void {
  let offset = start;
  let seen = 0;
  while (seen < count) {
    const header = readVarint(bytes, offset, end);
    offset = header.end;
    const length = Math.floor(header.value / 2);
    if (header.value % 2 === 1) {
      const used = Math.min(count - seen, length * 8);
      decodePacked(bytes, { start: offset, width, count: used, seen }, put);
      seen += used;
      offset += length * width;
    } else {
      const size = Math.ceil(width / 8);
      const to = Math.min(count, seen + length);
      put(readNumber(bytes, offset, size), seen, to);
      seen = to;
      offset += size;
    }
  }
}

function decodePacked(
  bytes: Uint8Array,
  { start, width, count, seen }: Readonly<Record<'start' | 'width' | 'count' | 'seen', number>>,
  put: (value: number, from: number, to: number) => void,
): void {
  const mask = 2 ** width - 1;
  let offset = start;
  let bits = 0;
  let word = 0;
  for (let index = 0; index < count; index++) {
    // A number has at most 24 bits, and up to 7 bits are left of the previous byte.
    for (; bits < width; bits += 8) word |= bytes[offset++]! << bits;
    put(word & mask, seen + index, seen + index + 1);
    word >>>= width;
    bits -= width;
  }
}

/** Checks packed numbers, and counts one of them. */
function checkPacked(
  bytes: Uint8Array,
  { start, width, count, limit }: Runs,
  counted: number | undefined,
): number {
  // All numbers of this width are allowed, and none is counted.
  if (counted === undefined && 2 ** width <= limit) return 0;
  if (counted === 1 && width === 1 && limit === 2) return countOnes(bytes, start, count);
  // Integers of 32 bits, with a sign: numbers of other kinds take twice the time here.
  const mask = (1 << width) - 1;
  const wanted = counted ?? -1;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const last = bytes.length - 4;
  let offset = start;
  let shift = 0;
  let occurrences = 0;
  let largest = 0;
  for (let index = 0; index < count; index++) {
    const word =
      offset <= last
        ? view.getInt32(offset, true)
        : readNumber(bytes, offset, bytes.length - offset) | 0;
    // A number has at most 24 bits, and up to 7 bits before it in its first byte.
    const value = (word >>> shift) & mask;
    if (value > largest) largest = value;
    if (value === wanted) occurrences++;
    shift += width;
    offset += shift >>> 3;
    shift &= 7;
  }
  if (largest >= limit) throw new Error(`a run has the number ${largest}`);
  return occurrences;
}

/** Ones in each byte. */
const ones = Uint8Array.from({ length: 256 }, (_, byte) => {
  let count = 0;
  for (let rest = byte; rest > 0; rest >>= 1) count += rest & 1;
  return count;
});

/** Counts the ones in the first `count` bits: levels of columns without lists. */
function countOnes(bytes: Uint8Array, start: number, count: number): number {
  const whole = start + (count >> 3);
  let total = 0;
  for (let offset = start; offset < whole; offset++) total += ones[bytes[offset]!]!;
  const rest = count & 7;
  return rest === 0 ? total : total + ones[bytes[whole]! & (2 ** rest - 1)]!;
}

/**
 * Checks deltas of integers, and returns their end.
 * @throws Error if a block leaves the page.
 */
export function endOfDeltas(bytes: Uint8Array, start: number, count: number): number {
  const block = readVarint(bytes, start, bytes.length);
  const miniblocks = readVarint(bytes, block.end, bytes.length);
  const total = readVarint(bytes, miniblocks.end, bytes.length);
  const perMiniblock = block.value / miniblocks.value;
  if (block.value > maxDeltaBlock || !(perMiniblock > 0) || perMiniblock % 8 !== 0) {
    throw new Error(`it has deltas in ${miniblocks.value} parts of ${block.value} numbers`);
  }
  let offset = readVarint(bytes, total.end, bytes.length).end;
  let left = count - 1;
  while (left > 0) {
    const widths = readVarint(bytes, offset, bytes.length).end;
    offset = widths + miniblocks.value;
    for (let index = 0; index < miniblocks.value && left > 0; index++) {
      const width = bytes[widths + index] ?? 255;
      if (width > 64) throw new Error('its deltas leave the page');
      const needed = Math.ceil((Math.min(left, perMiniblock) * width) / 8);
      if (needed > bytes.length - offset) throw new Error('its deltas leave the page');
      offset += (perMiniblock * width) / 8;
      left -= perMiniblock;
    }
  }
  return offset;
}

/** Reads an unsigned integer of 7 bits per byte. */
function readVarint(bytes: Uint8Array, start: number, end: number) {
  let value = 0;
  for (let index = 0; index < 10; index++) {
    if (start + index >= end) throw new Error('a run leaves the page');
    const byte = bytes[start + index]!;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, end: start + index + 1 };
  }
  throw new Error('an integer has more than 10 bytes');
}

function readNumber(bytes: Uint8Array, start: number, size: number): number {
  let value = 0;
  for (let index = 0; index < size; index++) value += bytes[start + index]! * 2 ** (8 * index);
  return value;
}
