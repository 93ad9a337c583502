import fc from 'fast-check';
import { expect, test } from 'vitest';
import { entropyWeight } from '../../src/debias/entropy.ts';

test('a certain teacher counts 1, an undecided one 0', () => {
  expect(entropyWeight(Float32Array.of(0, 1, 0))).toBe(1);
  expect(entropyWeight(Float32Array.of(0.25, 0.25, 0.25, 0.25))).toBeCloseTo(0, 9);
});

test('between two classes of four it counts a half', () => {
  expect(entropyWeight(Float32Array.of(0.5, 0, 0.5, 0))).toBeCloseTo(0.5, 9);
});

test('(.5, .3, .2) has an entropy of 1.02965', () => {
  const weight = entropyWeight(Float32Array.of(0.5, 0.3, 0.2));
  expect(weight).toBeCloseTo(1 - 1.02965 / Math.log(3), 5);
});

test('it is within 0 and 1, and the order of the classes does not matter', () => {
  const share = fc.float({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.array(share, { minLength: 2, maxLength: 20 }), (shares) => {
      const sum = shares.reduce((a, b) => a + b, 0) || 1;
      const probabilities = Float32Array.from(shares, (value) => value / sum);
      const weight = entropyWeight(probabilities);
      expect(weight).toBeGreaterThanOrEqual(0);
      expect(weight).toBeLessThanOrEqual(1);
      expect(entropyWeight(probabilities.toReversed())).toBeCloseTo(weight, 9);
    }),
  );
});
