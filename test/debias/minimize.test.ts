import { expect, test } from 'vitest';
import { minimize, minimizing, type Objective } from '../../src/debias/minimize.ts';

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

test('the end of a curved valley', () => {
  const rosenbrock: Objective = (point, gradient) => {
    const [x, y] = [point[0]!, point[1]!];
    gradient[0] = -2 * (1 - x) - 400 * x * (y - x * x);
    gradient[1] = 200 * (y - x * x);
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2;
  };
  const [x, y] = minimize(rosenbrock, Float64Array.of(-1.2, 1), 1e-9);
  expect(x).toBeCloseTo(1, 8);
  expect(y).toBeCloseTo(1, 8);
});

test('the best point is kept if the gradient is wrong', () => {
  const wrong: Objective = (x, gradient) => {
    gradient[0] = -1;
    return x[0]!;
  };
  expect([...minimize(wrong, Float64Array.of(3), 1e-9)]).toEqual([3]);
});

test('noise of the values ends the search when the expected gain is too small', () => {
  let calls = 0;
  const noisy: Objective = (x, gradient) => {
    gradient[0] = 2 * (x[0]! - 3) + 1e-5;
    return 1 + (x[0]! - 3) ** 2 + 1e-6 * calls++;
  };
  const iterations = minimizing(noisy, Float64Array.of(0), { tolerance: 0, leastGain: 1e-6 });
  let step = iterations.next();
  while (!step.done) step = iterations.next();
  expect(step.value[0]).toBeCloseTo(3, 2);
  expect(calls).toBeLessThan(10);
});
