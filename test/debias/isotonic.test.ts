import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isotonicRegression } from '../../src/debias/isotonic.ts';
import { golden } from '../golden/golden.ts';

const unit = [0, 1] as const;

describe.each(golden.isotonic())('$name', ({ x, y, bounds, queries, values }) => {
  test("the function is scikit-learn's", () => {
    const regression = isotonicRegression(x, y, bounds);
    queries.forEach((query, i) => {
      expect(regression(query)).toBeCloseTo(values[i]!, 12);
    });
  });
});

test('the examples of the documentation', () => {
  const order = [1, 2, 3, 4, 5, 6];
  const regression = isotonicRegression(order, [1, 3, 2, 4, 3, 5], [-Infinity, Infinity]);
  expect(order.map(regression)).toEqual([1, 2.5, 2.5, 3.5, 3.5, 5]);
  const x = [0.05, 0.1, 0.3, 0.4, 0.7, 0.9];
  const bounded = isotonicRegression(x, [0, 1, 0, 1, 1, 1], [0.5, 1]);
  const queries = [0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.7, 0.9, 1];
  expect(queries.map(bounded)).toEqual([0.5, 0.5, 0.5, 0.5, 0.5, 1, 1, 1, 1]);
});

test('without points there is no function', () => {
  expect(() => isotonicRegression([], [], unit)).toThrow('expected points, got 0 x and 0 y');
  expect(() => isotonicRegression([1], [], unit)).toThrow('got 1 x and 0 y');
});

describe('whatever the points', () => {
  const points = fc.array(
    fc.record({ x: fc.float({ min: 0, max: 1, noNaN: true }), y: fc.constantFrom(0, 1) }),
    { minLength: 1, maxLength: 60 },
  );
  const regressionOf = (of: readonly { x: number; y: number }[]) =>
    isotonicRegression(
      of.map(({ x }) => x),
      of.map(({ y }) => y),
      unit,
    );
  const grid = Array.from({ length: 41 }, (_, i) => i / 40);

  test('it never falls, stays within the bounds, and has the mean of the points', () => {
    fc.assert(
      fc.property(points, (of) => {
        const regression = regressionOf(of);
        const values = grid.map(regression);
        values.forEach((value, i) => {
          expect(value).toBeGreaterThanOrEqual(values[i - 1] ?? 0);
          expect(value).toBeLessThanOrEqual(1);
        });
        const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
        expect(sum(of.map(({ x }) => regression(x)))).toBeCloseTo(sum(of.map(({ y }) => y)), 9);
      }),
    );
  });

  test('their order does not matter, nor does doubling them', () => {
    fc.assert(
      fc.property(points, (of) => {
        const regression = regressionOf(of);
        for (const other of [regressionOf([...of].reverse()), regressionOf([...of, ...of])]) {
          for (const at of grid) expect(other(at)).toBeCloseTo(regression(at), 9);
        }
      }),
    );
  });
});
