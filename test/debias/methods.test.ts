import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { configSchema } from '../../src/config/schema.ts';
import { candidates, fallbackMethod } from '../../src/debias/auto.ts';
import type { Correction } from '../../src/debias/method.ts';
import { type MethodName, methodNames, methodOf, methods } from '../../src/debias/methods.ts';
import type { Mixing } from '../../src/debias/slam.ts';
import type { ValidationPoints } from '../../src/debias/validation.ts';
import type { WeightOptions } from '../../src/debias/weights.ts';

const points: ValidationPoints = {
  teacherMargins: Float32Array.of(0.1, 0.9),
  studentMargins: Float32Array.of(0.1, 0.9),
  wrong: Uint8Array.of(1, 0),
  teacherLosses: Float64Array.of(2, 0.1),
  trueLosses: Float64Array.of(0.5, 0.1),
};
const options = { neighbors: 1, reading: 'ratioOfMeans', bounds: [0, 1] } as const;

/** A config with the default options of every method. */
const defaults = configSchema.parse({
  task: { type: 'tabular-classification', classes: ['a', 'b'], target: 'y' },
  data: { format: 'csv' },
  teacher: { train: { architecture: 'mlp' } },
  student: { architecture: 'mlp' },
});
const configWith = (weights: WeightOptions) => ({ ...defaults, weights });

/** A correction by any method. */
type AnyCorrection = Correction<{ readonly kind: 'slam'; readonly mixing: Mixing }>;

function correction(name: MethodName, settings: Partial<WeightOptions> = {}): AnyCorrection {
  return methods[name].correct(points, configWith({ ...options, ...settings }));
}

function weigh({ weigh }: AnyCorrection, teacherMargins: number[], studentMargins: number[]) {
  const weights = new Float32Array(teacherMargins.length);
  weigh!(Float32Array.from(teacherMargins), Float32Array.from(studentMargins), weights);
  return Array.from(weights);
}

const label = (margin: number, ...probabilities: number[]) => ({
  margin,
  probabilities: Float32Array.from(probabilities),
});

test('weighted gives the debiasing weights, and 1 to an example with a true label', () => {
  expect(weigh(correction('weighted'), [0.2, 0.8, Number.NaN], [0.2, 0.8, 0.2])).toEqual([
    0.25, 1, 1,
  ]);
});

test('fidelity falls with the share of mistakes nearby', () => {
  const weights = weigh(correction('fidelity'), [0.2, 0.8, Number.NaN], [0.2, 0.8, 0.2]);
  expect(weights).toEqual([Math.fround(Math.exp(-1)), 1, 1]);
});

test('correctness is how often the teacher is right at its margin', () => {
  const { weightOf } = correction('correctness');
  expect(weightOf!(label(0.1))).toBe(0);
  expect(weightOf!(label(0.5))).toBeCloseTo(0.5, 6);
  expect(weightOf!(label(0.95))).toBe(1);
});

test('entropy is how sure the teacher is', () => {
  expect(correction('entropy').weightOf!(label(0, 0.5, 0.5))).toBeCloseTo(0, 9);
  expect(correction('entropy').weightOf!(label(1, 1, 0))).toBe(1);
});

test('slam mixes, and does not weight', () => {
  const { loss, ...rest } = correction('slam');
  expect(loss!.mixing.topK).toBe(3);
  expect(loss!.mixing.alpha(0.95)).toBe(1);
  expect(rest).toEqual({});
});

test('a method that needs validation labels is the only one to read the validation points', () => {
  const none: ValidationPoints = {
    ...{ teacherMargins: new Float32Array(), studentMargins: new Float32Array() },
    ...{ wrong: new Uint8Array(), teacherLosses: new Float64Array() },
    trueLosses: new Float64Array(),
  };
  for (const name of methodNames) {
    const { needs, prepare } = methodOf(name);
    const correct = () => methods[name].correct(none, configWith(options));
    if (needs.includes('validation') && !prepare) expect(correct, name).toThrow(RangeError);
    else expect(correct, name).not.toThrow();
  }
});

test('uniform corrects nothing', () => {
  expect(correction('uniform')).toEqual({});
});

test('the bounds hold for all weights', () => {
  const bounds = [0.25, 0.75] as const;
  for (const name of methodNames) {
    const made = correction(name, { bounds });
    const found = made.weigh
      ? weigh(made, [0.1, 0.9], [0.1, 0.9])
      : [label(0, 0.5, 0.5), label(1, 1, 0)].flatMap((of) => made.weightOf?.(of) ?? []);
    for (const weight of found) {
      expect(weight).toBeGreaterThanOrEqual(0.25);
      expect(weight).toBeLessThanOrEqual(0.75);
    }
  }
});

describe('whatever the validation set', () => {
  const margin = fc.float({ min: 0, max: 1, noNaN: true });
  const loss = fc.double({ min: 0, max: 16, noNaN: true });
  const point = fc.record({
    teacherMargin: margin,
    studentMargin: margin,
    wrong: fc.integer({ min: 0, max: 1 }),
    teacherLoss: loss,
    trueLoss: loss,
  });
  const some = fc.array(point, { minLength: 1, maxLength: 40 });
  type Point = typeof point extends fc.Arbitrary<infer T> ? T : never;
  const pointsOf = (of: readonly Point[]): ValidationPoints => ({
    teacherMargins: Float32Array.from(of, ({ teacherMargin }) => teacherMargin),
    studentMargins: Float32Array.from(of, ({ studentMargin }) => studentMargin),
    wrong: Uint8Array.from(of, ({ wrong }) => wrong),
    teacherLosses: Float64Array.from(of, ({ teacherLoss }) => teacherLoss),
    trueLosses: Float64Array.from(of, ({ trueLoss }) => trueLoss),
  });
  const grid = [0, 0.2, 0.5, 0.8, 1].flatMap((t) => [0, 0.5, 1].map((s) => [t, s] as const));

  /** The outputs of a method on a grid of examples: weights or SLaM's α. */
  function outputsOf(name: MethodName, of: readonly Point[], neighbors: number): number[] {
    const config = configWith({ ...options, neighbors });
    const made: AnyCorrection = methods[name].correct(pointsOf(of), config);
    if (made.weigh) {
      return weigh(
        made,
        grid.map(([t]) => t),
        grid.map(([, s]) => s),
      );
    }
    return grid.flatMap(([t]) => {
      const one = made.weightOf?.(label(t, (1 + t) / 2, (1 - t) / 2)) ?? made.loss?.mixing.alpha(t);
      return one ?? [];
    });
  }

  test.each(methodNames)('%s: finite and within 0 and 1', (name) => {
    fc.assert(
      fc.property(some, (of) => {
        for (const value of outputsOf(name, of, 3)) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  /** A weight by the teacher alone cannot learn that the teacher makes no mistakes. */
  const usesTeacherOnly = (name: MethodName) =>
    !methodOf(name).needs.includes('validation') && correction(name).weightOf !== undefined;

  test.each(methodNames.filter((name) => !usesTeacherOnly(name)))(
    '%s: a teacher without mistakes is believed',
    (name) => {
      fc.assert(
        fc.property(some, (of) => {
          const perfect = of.map((one) => ({ ...one, wrong: 0, teacherLoss: one.trueLoss }));
          for (const value of outputsOf(name, perfect, 3)) expect(value).toBe(1);
        }),
      );
    },
  );

  test.each(methodNames)(
    '%s: the order of the examples, or doubling them, changes nothing',
    (name) => {
      fc.assert(
        fc.property(some, (of) => {
          const once = outputsOf(name, of, 3);
          for (const other of [
            outputsOf(name, of.toReversed(), 3),
            outputsOf(name, [...of, ...of], 6),
          ]) {
            const differences = Array.from(other, (value, i) => Math.abs(value - once[i]!));
            expect(Math.max(...differences)).toBeLessThan(5e-7);
          }
        }),
      );
    },
  );
});

test('methods whose correction depends on the margins of an example exclude mixup', () => {
  for (const name of methodNames) {
    const { weigh, loss } = correction(name);
    if (weigh || loss) expect(methodOf(name).excludes, name).toContain('mixup');
  }
});

test('auto excludes what its candidates exclude', () => {
  const excluded = [fallbackMethod, ...candidates.map(({ method }) => method)].flatMap(
    (name) => methodOf(name).excludes ?? [],
  );
  expect(new Set(methodOf('auto').excludes)).toEqual(new Set(excluded));
});
