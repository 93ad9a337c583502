import { expect, test } from 'vitest';
import { minimize, type Objective } from '../../src/debias/minimize.ts';

test('a quadratic function with long and short axes', () => {
  const curvatures = [1, 10, 100, 1000];
  const objective: Objective = (x, gradient) =>
    curvatures.reduce((value, curvature, i) => {
      gradient[i] = 2 * curvature * (x[i]! - i);
      return value + curvature * (x[i]! - i) ** 2;
    }, 0);
  const found = minimize(objective, Float64Array.of(9, 9, 9, 9), 1e-9);
  for (const [i, value] of found.entries()) expect(value).toBeCloseTo(i, 8);
});

test('the domain is not left', () => {
  const seen: number[] = [];
  const objective: Objective = (x, gradient) => {
    if (x[0]! <= 0) return Number.POSITIVE_INFINITY;
    seen.push(x[0]!);
    gradient[0] = 1 - 1 / x[0]!;
    return x[0]! - Math.log(x[0]!);
  };
  expect(minimize(objective, Float64Array.of(50), 1e-9)[0]).toBeCloseTo(1, 8);
  expect(Math.min(...seen)).toBeGreaterThan(0);
});

test('the start is kept if it is the minimum', () => {
  const objective: Objective = (x, gradient) => {
    gradient[0] = 2 * x[0]!;
    return x[0]! ** 2;
  };
  expect([...minimize(objective, Float64Array.of(0), 1e-9)]).toEqual([0]);
});
