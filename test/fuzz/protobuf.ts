/** Changes of protobuf messages that keep the lengths around the change true. */
import type { Random } from '../../src/data/random.ts';
import { below, edges, mutateBytes, pick } from './mutate.ts';

/** A field as it is in the bytes. */
interface Field {
  /** Number and wire type. */
  readonly tag: number;
  /** A number, or the bytes after the tag or the length. */
  readonly value: number | Buffer;
}

/** Most levels that one change puts around a field. */
const maxWraps = 200;

/** Changes one field, somewhere in a message, or any bytes. */
export function mutateProtobuf(bytes: Buffer, random: Random, other: Buffer): Buffer {
  if (random() < 0.1) return mutateBytes(bytes, random, other);
  let changed = bytes;
  for (let count = 1 + below(random, 3); count > 0; count--) {
    changed = mutateMessage(changed, random, fieldsOf(other) ?? []);
  }
  return changed;
}

function mutateMessage(bytes: Buffer, random: Random, others: readonly Field[]): Buffer {
  const fields = fieldsOf(bytes);
  if (fields === undefined || fields.length === 0) return mutateBytes(bytes, random, bytes);
  const index = below(random, fields.length);
  const field = fields[index]!;
  const inner = field.value instanceof Buffer ? fieldsOf(field.value) : undefined;
  // Most fields lie deep inside.
  if (inner?.length && random() < 0.85) {
    const value = mutateMessage(field.value as Buffer, random, random() < 0.5 ? inner : others);
    return encode(fields.with(index, { ...field, value }));
  }
  return encode(fields.toSpliced(index, 1, ...changedField(field, random, others)));
}

/** Returns the fields that replace one. */
function changedField(field: Field, random: Random, others: readonly Field[]): Field[] {
  const { tag, value } = field;
  switch (below(random, 7)) {
    case 0:
      return [];
    case 1:
      return Array<Field>(2 + below(random, 3)).fill(field);
    case 2:
      return [{ tag: 8 * (1 + below(random, 30)) + (tag % 8), value }];
    case 3:
      return others.length === 0 ? [field] : [field, pick(random, others)];
    case 4:
      return [wrapped(field, 1 + below(random, maxWraps))];
    case 5:
      return [{ tag: tag - (tag % 8), value: integer(random) }, field];
    default:
      if (!(value instanceof Buffer)) return [{ tag, value: integer(random) }];
      return [{ tag, value: value.length === 0 ? varint(1) : mutateBytes(value, random, value) }];
  }
}

/** Puts a field into messages inside each other, all in its own field. */
function wrapped(field: Field, levels: number): Field {
  let whole = field;
  for (let level = 0; level < levels; level++) {
    whole = { tag: field.tag - (field.tag % 8) + 2, value: encode([whole]) };
  }
  return whole;
}

function integer(random: Random): number {
  return pick(random, edges) + below(random, 3);
}

/** Parses a message; undefined if the bytes are none. */
function fieldsOf(bytes: Buffer): Field[] | undefined {
  const fields: Field[] = [];
  let offset = 0;
  const number = (): number => {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 63; scale *= 128) {
      const byte = bytes[offset++];
      if (byte === undefined) return Number.NaN;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    return Number.NaN;
  };
  while (offset < bytes.length) {
    const tag = number();
    if (!(tag >= 8 && tag < 2 ** 32)) return undefined;
    const fixed: Readonly<Record<number, number>> = { 1: 8, 5: 4 };
    const size = tag % 8 === 0 ? 0 : tag % 8 === 2 ? number() : fixed[tag % 8];
    if (size === undefined || !(offset + size <= bytes.length)) return undefined;
    const value = tag % 8 === 0 ? number() : bytes.subarray(offset, offset + size);
    if (Number.isNaN(value)) return undefined;
    offset += size;
    fields.push({ tag, value });
  }
  return fields;
}

function encode(fields: readonly Field[]): Buffer {
  const parts = fields.flatMap(({ tag, value }) => {
    if (typeof value === 'number') return [varint(tag - (tag % 8)), varint(value)];
    return tag % 8 === 2 ? [varint(tag), varint(value.length), value] : [varint(tag), value];
  });
  return Buffer.concat(parts);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push((rest % 128) + (rest >= 128 ? 128 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.from(bytes);
}
