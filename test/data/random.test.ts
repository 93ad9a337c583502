import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashToUnit, randomFor, shuffledOrder, xoshiro128 } from '../../src/data/random.ts';

test("xoshiro128** gives the same numbers as its authors' C code", () => {
  const next = xoshiro128([1, 2, 3, 4]);
  expect(Array.from({ length: 10 }, next)).toEqual([
    ...[11520, 0, 5927040, 70819200, 2031721883],
    ...[1637235492, 1287239034, 3734860849, 3729100597, 4258142804],
  ]);
});

test('the same name gives the same numbers, and another name gives other numbers', () => {
  const take = (...name: number[]) => Array.from({ length: 4 }, randomFor(...name));
  expect(take(1, 2, 3)).toEqual(take(1, 2, 3));
  const names = [
    [1, 2, 3],
    [1, 2, 4],
    [2, 1, 3],
    [0, 0],
    [0],
    [0, 2 ** 32],
    [0, 1],
    [-1],
    [2 ** 32 - 1],
  ];
  expect(new Set(names.map((name) => String(take(...name)))).size).toBe(names.length);
});

test('first numbers of neighbouring names are spread evenly', () => {
  const buckets = new Float64Array(16);
  for (let position = 0; position < 16_000; position++) {
    buckets[Math.floor(randomFor(1, 5, position)() * 16)]! += 1;
  }
  const chiSquare = buckets.reduce((sum, count) => sum + (count - 1_000) ** 2 / 1_000, 0);
  // 15 degrees of freedom: above 37.7 once in a thousand.
  expect(chiSquare).toBeLessThan(37.7);
});

test('hashToUnit is SHA-256, as a fraction', () => {
  // printf '7:cat' | sha256sum, first 12 digits over 2^48.
  expect(hashToUnit('cat', 7)).toBe(0x27b5b6ba4310 / 2 ** 48);
  fc.assert(
    fc.property(fc.string(), fc.integer(), (text, seed) => {
      const position = hashToUnit(text, seed);
      return position >= 0 && position < 1;
    }),
  );
});

test('shuffledOrder is a permutation, and each is equally likely', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 200 }), fc.integer(), (count, seed) => {
      const order = shuffledOrder(count, randomFor(seed));
      expect([...order].sort((first, second) => first - second)).toEqual([...Array(count).keys()]);
    }),
  );
  const counts = new Map<string, number>();
  for (let seed = 0; seed < 6_000; seed++) {
    const order = String(shuffledOrder(3, randomFor(seed)));
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  expect(counts.size).toBe(6);
  // Five standard deviations of 6,000 throws of a die: 144.
  for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(144);
});
