import fc from 'fast-check';
import { expect, test } from 'vitest';
import { niceRange, niceTicks } from '../../src/evaluate/chart.ts';

test.each([
  [0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]],
  [1, 30, [10, 20, 30]],
  [0.75, 0.95, [0.75, 0.8, 0.85, 0.9, 0.95]],
  [-3, 7, [-2, 0, 2, 4, 6]],
  [5, 5, [5]],
])('ticks from %d to %d', (low, high, ticks) => {
  expect(niceTicks(low, high)).toEqual(ticks);
});

test('a range holds its values between round ends', () => {
  expect(niceRange([0.31, 1.93])).toEqual({ low: 0, high: 2 });
  expect(niceRange([Number.NaN, 3])).toEqual({ low: 2.7, high: 3.3 });
  expect(niceRange([0.01])).toEqual({ low: 0.009, high: 0.011 });
  expect(niceRange([])).toEqual({ low: 0, high: 1 });
});

const figure = fc.integer({ min: -1e9, max: 1e9 }).map((thousandths) => thousandths / 1000);

test('ticks are few, rise, and lie inside; the range holds all values', () => {
  fc.assert(
    fc.property(fc.array(figure, { minLength: 1, maxLength: 20 }), (values) => {
      const { low, high } = niceRange(values);
      expect(Math.min(...values)).toBeGreaterThanOrEqual(low);
      expect(Math.max(...values)).toBeLessThanOrEqual(high);
      const ticks = niceTicks(low, high);
      expect(ticks.length).toBeGreaterThanOrEqual(2);
      expect(ticks.length).toBeLessThanOrEqual(12);
      expect(ticks[0]).toBeGreaterThanOrEqual(low);
      expect(ticks.at(-1)).toBeLessThanOrEqual(high);
      for (let i = 1; i < ticks.length; i++) expect(ticks[i]!).toBeGreaterThan(ticks[i - 1]!);
    }),
  );
});
