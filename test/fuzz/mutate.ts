/** Changes that no format needs to know of. */
import type { Random } from '../../src/data/random.ts';

/** Returns an integer from 0 to limit - 1. */
export function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

export function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[below(random, items.length)]!;
}

/** Integers at the edges of what readers count with. */
export const edges: readonly number[] = [
  0,
  1,
  2,
  7,
  8,
  127,
  128,
  255,
  256,
  65_535,
  65_536,
  2 ** 20,
  2 ** 24,
  2 ** 28,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
];

type Change = (bytes: Buffer, random: Random, other: Buffer) => Buffer;

const changes: readonly Change[] = [
  (bytes, random) => {
    const copy = Buffer.from(bytes);
    for (let count = 1 + below(random, 4); count > 0; count--) {
      copy[below(random, copy.length)]! ^= 1 << below(random, 8);
    }
    return copy;
  },
  (bytes, random) => {
    const copy = Buffer.from(bytes);
    copy[below(random, copy.length)] = pick(random, [0, 1, 0x7f, 0x80, 0xff]);
    return copy;
  },
  (bytes, random) => {
    const copy = Buffer.from(bytes);
    if (copy.length >= 4) copy.writeUInt32LE(pick(random, edges), below(random, copy.length - 3));
    return copy;
  },
  (bytes, random) => bytes.subarray(0, below(random, bytes.length + 1)),
  (bytes, random) => {
    const start = below(random, bytes.length);
    const end = Math.min(bytes.length, start + 1 + below(random, 64));
    return replaced(bytes, start, end, Buffer.alloc(0));
  },
  (bytes, random) => {
    const start = below(random, bytes.length);
    const part = bytes.subarray(start, start + 1 + below(random, 64));
    return replaced(bytes, start, start, Buffer.concat(Array(1 + below(random, 8)).fill(part)));
  },
  (bytes, random) => {
    const start = below(random, bytes.length);
    return replaced(bytes, start, start, Buffer.alloc(1 + below(random, 16), pick(random, edges)));
  },
  (bytes, random, other) => {
    const start = below(random, other.length);
    const part = other.subarray(start, start + below(random, 512));
    const at = below(random, bytes.length);
    return replaced(bytes, at, Math.min(bytes.length, at + part.length), part);
  },
];

/** Changes a few places of a file. */
export function mutateBytes(bytes: Buffer, random: Random, other: Buffer): Buffer {
  let changed = bytes;
  for (let count = 1 + below(random, 3); count > 0 && changed.length > 0; count--) {
    changed = pick(random, changes)(changed, random, other);
  }
  return changed;
}

/** Inserts tokens at places of a text, or puts them in place of a few characters. */
export function mutateText(bytes: Buffer, random: Random, tokens: readonly string[]): Buffer {
  let changed = bytes;
  for (let count = 1 + below(random, 4); count > 0; count--) {
    const start = below(random, changed.length + 1);
    const end = Math.min(changed.length, start + (random() < 0.5 ? 0 : below(random, 12)));
    const repeats = random() < 0.1 ? 1 + below(random, 5_000) : 1;
    changed = replaced(changed, start, end, Buffer.from(pick(random, tokens).repeat(repeats)));
  }
  return changed;
}

/** Returns the bytes with those of a range replaced. */
export function replaced(bytes: Buffer, start: number, end: number, by: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, start), by, bytes.subarray(end)]);
}
