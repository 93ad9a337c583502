import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { minimize, type Objective } from '../../../src/train/logistic/minimize.ts';

/** Rosenbrock's function, with its minimum 0 at (1, 1). */
const rosenbrock: Objective = (point, gradient) => {
  const [x, y] = [point[0]!, point[1]!];
  gradient[0] = -2 * (1 - x) - 400 * x * (y - x * x);
  gradient[1] = 200 * (y - x * x);
  return (1 - x) ** 2 + 100 * (y - x * x) ** 2;
};

describe('minimize', () => {
  test('finds the end of a curved valley', async () => {
    const start = Float64Array.of(-1.2, 1);
    const found = await minimize(rosenbrock, start);
    expect(found[0]).toBeCloseTo(1, 5);
    expect(found[1]).toBeCloseTo(1, 5);
    expect([...start]).toEqual([-1.2, 1]);
  });

  test('finds the minimum of any quadratic, whatever its scales', async () => {
    const axis = fc.record({
      scale: fc.double({ min: 1e-2, max: 1e2, noNaN: true }),
      center: fc.double({ min: -10, max: 10, noNaN: true }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(axis, { minLength: 1, maxLength: 8 }), async (axes) => {
        const quadratic: Objective = (point, gradient) => {
          let value = 0;
          axes.forEach(({ scale, center }, i) => {
            gradient[i] = 2 * scale * (point[i]! - center);
            value += scale * (point[i]! - center) ** 2;
          });
          return value;
        };
        const found = await minimize(quadratic, new Float64Array(axes.length), {
          tolerance: 1e-8,
          leastGain: 0,
        });
        axes.forEach(({ center }, i) => {
          expect(found[i]).toBeCloseTo(center, 4);
        });
      }),
      { numRuns: 50 },
    );
  });

  test('stops at once at a minimum, and where the caller ends it', async () => {
    const at = Float64Array.of(1, 1);
    expect(await minimize(rosenbrock, at)).toEqual(at);
    const onIteration = async () => {
      throw new Error('stopped');
    };
    await expect(minimize(rosenbrock, Float64Array.of(0, 0), { onIteration })).rejects.toThrow(
      'stopped',
    );
  });

  test('gives the best point if the function rises everywhere nearby', async () => {
    // A gradient with the wrong sign: no step along it lowers the value.
    const wrong: Objective = (point, gradient) => {
      gradient[0] = -1;
      return point[0]!;
    };
    expect(await minimize(wrong, Float64Array.of(3))).toEqual(Float64Array.of(3));
  });
});
