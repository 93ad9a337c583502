/**
 * Encodes single fields of protobuf messages. A message is the concatenation of its fields. The
 * encoding: https://protobuf.dev/programming-guides/encoding/
 */

/** Encodes a text, bytes or a nested message with its length. */
export function bytesField(field: number, body: Uint8Array | string): Buffer {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  return Buffer.concat([varint(field * 8 + 2), varint(bytes.length), bytes]);
}

/** Encodes an integer of at least 0. @throws RangeError for another number. */
export function integerField(field: number, value: number): Buffer {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`cannot encode ${value}`);
  return Buffer.concat([varint(field * 8), varint(value)]);
}

/** Encodes a float32. */
export function floatField(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([varint(field * 8 + 5), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) + 128);
  return Buffer.from([...bytes, left]);
}
