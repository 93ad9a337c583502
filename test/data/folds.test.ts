import fc from 'fast-check';
import { expect, test } from 'vitest';
import { foldOf } from '../../src/data/folds.ts';

test('an example has one fold, which depends only on its id', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 20 }), fc.integer(), (id, count, seed) => {
      const fold = foldOf(id, { count, seed });
      expect(Number.isInteger(fold)).toBe(true);
      expect(fold).toBeGreaterThanOrEqual(0);
      expect(fold).toBeLessThan(count);
      expect(foldOf(id, { count, seed })).toBe(fold);
    }),
  );
});

test('folds have about the same size, and another seed gives other folds', () => {
  const counts = [0, 0, 0, 0, 0];
  let moved = 0;
  for (let i = 0; i < 10_000; i++) {
    const fold = foldOf(`digits.parquet:${i}`, { count: 5, seed: 1 });
    counts[fold]! += 1;
    if (foldOf(`digits.parquet:${i}`, { count: 5, seed: 2 }) !== fold) moved++;
  }
  // Four standard deviations of a binomial: √(10,000 × 0.2 × 0.8) = 40.
  for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(160);
  expect(Math.abs(moved - 8000)).toBeLessThan(160);
});
