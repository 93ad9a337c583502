/**
 * Bounds of Thrift's compact protocol, in which Parquet writes its footer and the headers of pages.
 * hyparquet's parser trusts lengths, so a structure is checked before hyparquet sees it.
 *
 * @see https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */

/** Maximum depth of structures in structures. The deepest of Parquet has 8. */
const maxDepth = 24;

/** Bytes of the longest integer: 64 bits, 7 per byte. */
const maxVarintBytes = 10;

/** Bytes of the longest integer of 32 bits. */
const maxShortVarintBytes = 5;

/** Types of fields, by their numbers in the protocol. */
const types = { true: 1, false: 2, byte: 3, i16: 4, i32: 5, i64: 6, double: 7, binary: 8, list: 9 };
const structType = 12;

/**
 * Checks one structure and returns its end.
 *
 * @param start Offset of the structure in `bytes`.
 * @param maxValues Maximum number of values in it; each takes memory once it is parsed.
 * @throws Error if the structure leaves the bytes, or exceeds a limit.
 */
export function endOfStruct(bytes: Uint8Array, start: number, maxValues: number): number {
  const walk = { bytes, offset: start, values: 0, maxValues };
  skipStruct(walk, 0);
  return walk.offset;
}

interface Walk {
  readonly bytes: Uint8Array;
  offset: number;
  /** Values so far. */
  values: number;
  readonly maxValues: number;
}

function skipStruct(walk: Walk, depth: number): void {
  if (depth > maxDepth) throw new Error('its metadata is nested too deeply');
  for (;;) {
    const byte = readByte(walk);
    const type = byte & 0x0f;
    if (type === 0) return;
    // The number of the field follows unless it is a difference to that of the field before.
    if (byte >> 4 === 0) readVarint(walk, maxShortVarintBytes);
    if (type !== types.true && type !== types.false) skipValue(walk, type, depth);
  }
}

function skipValue(walk: Walk, type: number, depth: number): void {
  walk.values++;
  if (walk.values > walk.maxValues) {
    throw new Error(`its metadata has more than ${walk.maxValues} values`);
  }
  switch (type) {
    // In a list, a boolean takes a byte.
    case types.true:
    case types.false:
    case types.byte:
      skipBytes(walk, 1);
      break;
    case types.i16:
    case types.i32:
      readVarint(walk, maxShortVarintBytes);
      break;
    case types.i64:
      readVarint(walk, maxVarintBytes);
      break;
    case types.double:
      skipBytes(walk, 8);
      break;
    case types.binary:
      skipBytes(walk, readVarint(walk, maxShortVarintBytes));
      break;
    case types.list:
      skipList(walk, depth);
      break;
    case structType:
      skipStruct(walk, depth + 1);
      break;
    default:
      throw new Error(`its metadata has a field of the unknown type ${type}`);
  }
}

function skipList(walk: Walk, depth: number): void {
  if (depth > maxDepth) throw new Error('its metadata is nested too deeply');
  const byte = readByte(walk);
  const short = byte >> 4;
  const size = short === 15 ? readVarint(walk, maxShortVarintBytes) : short;
  // An item takes at least a byte.
  if (size > walk.bytes.length - walk.offset) throw new Error('its metadata ends within a list');
  for (let item = 0; item < size; item++) skipValue(walk, byte & 0x0f, depth + 1);
}

function skipBytes(walk: Walk, count: number): void {
  if (count > walk.bytes.length - walk.offset) throw new Error('its metadata ends within a value');
  walk.offset += count;
}

function readByte(walk: Walk): number {
  const byte = walk.bytes[walk.offset];
  if (byte === undefined) throw new Error('its metadata has no end');
  walk.offset++;
  return byte;
}

function readVarint(walk: Walk, maxBytes: number): number {
  let value = 0;
  for (let index = 0; index < maxBytes; index++) {
    const byte = readByte(walk);
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return value;
  }
  throw new Error(`its metadata has an integer of more than ${maxBytes} bytes`);
}
