/**
 * Random numbers that depend only on their seed and are the same on every machine. So a run that is
 * stopped, resumed or split among workers draws the same numbers.
 *
 * Generator: xoshiro128** (Blackman and Vigna, "Scrambled linear pseudorandom number generators",
 * ACM Transactions on Mathematical Software 47(4), 2021). Not for cryptography.
 */
import { createHash } from 'node:crypto';

/** Returns a number in [0, 1) at each call. */
export type Random = () => number;

/** Creates the xoshiro128** generator of integers in [0, 2^32) from four words, not all 0. */
export function xoshiro128(state: readonly [number, number, number, number]): () => number {
  let [s0, s1, s2, s3] = state;
  return () => {
    const result = Math.imul(rotateLeft(Math.imul(s1, 5), 7), 9) >>> 0;
    const shifted = s1 << 9;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= shifted;
    s3 = rotateLeft(s3, 11);
    return result;
  };
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/**
 * Creates a generator for one purpose, identified by integers such as (seed, epoch, index of the
 * example). Different integers give unrelated numbers.
 */
export function randomFor(...name: readonly number[]): Random {
  // The authors advise SplitMix64 for seeding; its 32-bit form (the finalizer of MurmurHash3) is
  // enough here and needs no BigInt.
  let hash = 0x9e3779b9;
  for (const part of name) {
    hash = mix(hash ^ (part | 0));
    hash = mix(hash ^ Math.floor(part / 2 ** 32));
  }
  const word = () => {
    hash = (hash + 0x9e3779b9) | 0;
    return mix(hash);
  };
  const next = xoshiro128([word(), word(), word(), word() | 1]);
  return () => next() / 2 ** 32;
}

/** Applies the 32-bit finalizer of MurmurHash3 (Austin Appleby, public domain). */
function mix(word: number): number {
  let mixed = word;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/**
 * Hashes a text and a seed uniformly to [0, 1). Used to split a set by id, independently of the
 * order and the number of the examples.
 */
export function hashToUnit(text: string, seed: number): number {
  const digest = createHash('sha256').update(`${seed}:${text}`).digest();
  // 48 bits: exact in a double, and never rounded up to 1.
  return digest.readUIntBE(0, 6) / 2 ** 48;
}

/** Returns 0 to count - 1 in random order (Fisher and Yates, by Durstenfeld 1964). */
export function shuffledOrder(count: number, random: Random): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    const moved = order[last]!;
    order[last] = order[other]!;
    order[other] = moved;
  }
  return order;
}
