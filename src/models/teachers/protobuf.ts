/**
 * Reads protobuf messages: single fields in a stream, with constant memory, or all fields of a
 * message in memory. The encoding: https://protobuf.dev/programming-guides/encoding/
 */

/**
 * Fields to read, by number: `value` for the value itself, `short` for a value of at most
 * `shortBytes`, or the fields of a nested message.
 */
export interface WantedFields {
  readonly [field: number]: 'value' | 'short' | WantedFields;
}

/** Longer values of fields that are wanted as `short` are skipped. */
const shortBytes = 1024;

/** A field that was read. */
export interface FoundField {
  /** Field numbers from the outermost message: `[7, 1]` is field 1 of field 7. */
  readonly path: readonly number[];
  /** Ordinals of the messages that contain the field, the outermost first. */
  readonly messages: readonly number[];
  /** A number for a varint, otherwise the bytes of a text or of a nested message. */
  readonly value: number | Uint8Array;
}

/** Fields of a message in memory, by number; each with all its values. */
export type Fields = Map<number, (number | Uint8Array)[]>;

/** The bytes are not a protobuf message. */
export class MalformedProtobuf extends Error {
  override readonly name = 'MalformedProtobuf';
}

/**
 * Yields the wanted fields of a message, in the order of the stream.
 *
 * @throws MalformedProtobuf if the bytes are not a message, or end too early.
 * @example
 * // Field 1 of the message, and field 2 of the message in field 7.
 * for await (const { path, value } of readFields(stream, { 1: 'value', 7: { 2: 'value' } })) { … }
 */
export async function* readFields(
  stream: AsyncIterable<Uint8Array>,
  wanted: WantedFields,
): AsyncGenerator<FoundField> {
  const reader = new Reader(stream);
  yield* readMessage(reader, Number.POSITIVE_INFINITY, wanted, { path: [], messages: [] });
}

/**
 * Reads all fields of a message in memory, by number.
 *
 * @throws MalformedProtobuf if the bytes are not a message.
 */
export function parseFields(bytes: Uint8Array): Fields {
  const fields: Fields = new Map();
  const cursor = new Cursor(bytes);
  while (cursor.left > 0) {
    const { field, wire } = cursor.tag();
    const value =
      wire === 0 ? cursor.varint() : cursor.take(wire === 2 ? cursor.length() : widthOf(wire));
    const values = fields.get(field);
    if (values) values.push(value);
    else fields.set(field, [value]);
  }
  return fields;
}

/** Returns the messages and texts of a repeated field. */
export function bytesIn(fields: Fields, field: number): Uint8Array[] {
  return (fields.get(field) ?? []).filter((value) => typeof value !== 'number');
}

/** Returns the first text of a field; empty if there is none. */
export function textOf(fields: Fields, field: number): string {
  return text(bytesIn(fields, field)[0] ?? new Uint8Array(0));
}

/** Decodes UTF-8. */
export function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/**
 * Returns the numbers of a repeated int32 or int64, packed or not.
 * @throws MalformedProtobuf if packed numbers end within one.
 */
export function integersIn(fields: Fields, field: number): number[] {
  return (fields.get(field) ?? []).flatMap(integersOf);
}

/**
 * Returns the numbers in a value of a repeated int32 or int64: one, or several that are packed.
 * @throws MalformedProtobuf if packed numbers end within one.
 */
export function integersOf(value: number | Uint8Array): number[] {
  if (typeof value === 'number') return [value];
  const cursor = new Cursor(value);
  const numbers: number[] = [];
  while (cursor.left > 0) numbers.push(cursor.varint());
  return numbers;
}

/**
 * Returns a number of a field int32, of which libraries read only the lowest 32 bits.
 * @throws MalformedProtobuf if it has more.
 */
export function int32(value: number): number {
  if (value >= 2 ** 31 || value < -(2 ** 31)) throw new MalformedProtobuf(`the number ${value}`);
  return value;
}

async function* readMessage(
  reader: Reader,
  end: number,
  wanted: WantedFields,
  around: Pick<FoundField, 'path' | 'messages'>,
): AsyncGenerator<FoundField> {
  const messages = [...around.messages, reader.messages++];
  while (reader.position < end) {
    await reader.fill(headBytes);
    if (reader.cursor.left === 0 && end === Number.POSITIVE_INFINITY) return;
    const { field, wire } = reader.cursor.tag();
    const number = wire === 0 ? reader.cursor.varint() : undefined;
    const want = wanted[field];
    const found = { path: [...around.path, field], messages };
    if (number !== undefined) {
      if (want !== undefined) yield { ...found, value: number };
      continue;
    }
    const length = wire === 2 ? reader.cursor.length() : widthOf(wire);
    const isSkipped = want === undefined || wire !== 2 || (want === 'short' && length > shortBytes);
    if (isSkipped) await reader.skip(length);
    else if (typeof want === 'string') yield { ...found, value: await reader.take(length) };
    else yield* readMessage(reader, reader.position + length, want, found);
  }
  if (reader.position > end) throw new MalformedProtobuf('a message ends within a field');
}

/** Upper bound on the bytes of a tag with a varint. */
const headBytes = 20;

function widthOf(wire: number): number {
  if (wire === 1) return 8;
  if (wire === 5) return 4;
  throw new MalformedProtobuf(`wire type ${wire}`);
}

/** Bytes of a varint with its lowest 49 bits. The other 15 of an int64 hold the sign. */
const lowBytes = 7;

/** Reads the lowest 15 bits as a number in two's complement. Libraries ignore further ones. */
function signed15(bits: number): number {
  const value = bits % 2 ** 15;
  return value >= 2 ** 14 ? value - 2 ** 15 : value;
}

/** Reads from bytes in memory. */
class Cursor {
  #offset = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#offset;
  }

  /** Libraries differ in what they make of a tag of more than 32 bits, or of a field 0. */
  tag(): { field: number; wire: number } {
    const tag = this.varint();
    if (tag < 8 || tag >= 2 ** 32) throw new MalformedProtobuf(`the tag ${tag}`);
    return { field: Math.floor(tag / 8), wire: tag % 8 };
  }

  /**
   * Reads a varint as an int64, in which int32 and enumerations are written as well. A number that
   * does not fit 53 bits is rounded.
   */
  varint(): number {
    let low = 0;
    let high = 0;
    for (let index = 0; index < 10; index++) {
      const byte = this.#bytes[this.#offset++];
      if (byte === undefined) throw new MalformedProtobuf('the bytes end within a number');
      const bits = byte & 127;
      if (index < lowBytes) low += bits * 128 ** index;
      else high += bits * 128 ** (index - lowBytes);
      if (byte < 128) return low + signed15(high) * 128 ** lowBytes;
    }
    throw new MalformedProtobuf('a number is too long');
  }

  /** Reads the length of a text or message. No library reads 2 GiB or more. */
  length(): number {
    const length = this.varint();
    if (length >= 2 ** 31 || length < 0) throw new MalformedProtobuf(`a field of ${length} bytes`);
    return length;
  }

  take(length: number): Uint8Array {
    if (length > this.left) throw new MalformedProtobuf('the bytes end within a field');
    this.#offset += length;
    return this.#bytes.subarray(this.#offset - length, this.#offset);
  }
}

/** Reads from a stream, and holds only the bytes that are needed next. */
class Reader {
  cursor = new Cursor(new Uint8Array(0));
  /** Number of messages that were entered. */
  messages = 0;
  readonly #chunks: AsyncIterator<Uint8Array>;
  /** Bytes of the stream that were read so far. */
  #received = 0;

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  get position(): number {
    return this.#received - this.cursor.left;
  }

  /** Reads ahead until `length` bytes are in memory, or all that are left. */
  async fill(length: number): Promise<void> {
    if (this.cursor.left >= length) return;
    const parts = [this.cursor.take(this.cursor.left)];
    let size = parts[0]!.length;
    while (size < length) {
      const { value, done } = await this.#chunks.next();
      if (done) break;
      this.#received += value.length;
      size += value.length;
      parts.push(value);
    }
    this.cursor = new Cursor(Buffer.concat(parts));
  }

  async take(length: number): Promise<Uint8Array> {
    await this.fill(length);
    return this.cursor.take(length);
  }

  async skip(length: number): Promise<void> {
    let left = length;
    while (left > this.cursor.left) {
      left -= this.cursor.take(this.cursor.left).length;
      await this.fill(1);
      if (this.cursor.left === 0) throw new MalformedProtobuf('the bytes end within a field');
    }
    this.cursor.take(left);
  }
}
