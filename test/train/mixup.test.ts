import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sum } from '../../src/arrays.ts';
import { numbersOf } from '../../src/data/features/kind.ts';
import { randomFor } from '../../src/data/random.ts';
import type { Batch } from '../../src/train/batch-shape.ts';
import { mixBatch, symmetricBeta } from '../../src/train/mixup.ts';
import { goldenFineTuning } from '../golden/fine-tuning.ts';

/**
 * A batch whose features are a unit matrix, so that mixed features are the shares.
 * @param weights [size, perExample]
 */
function batchOf(
  weights: readonly number[],
  targets: readonly number[],
  size = weights.length,
): Batch {
  const values = new Float32Array(size * size);
  for (let row = 0; row < size; row++) values[row * size + row] = 1;
  return {
    size,
    rows: { n: size, values },
    targets: Float32Array.from(targets),
    teacherMargins: new Float32Array(weights.length).fill(0.5),
    weights: Float32Array.from(weights),
  };
}

const classes = 3;
const batches = fc
  .array(fc.record({ weight: fc.constantFrom(0, 0.25, 0.5, 1, 2), label: fc.nat(classes - 1) }), {
    minLength: 1,
    maxLength: 8,
  })
  .map((examples) =>
    batchOf(
      examples.map(({ weight }) => weight),
      examples.flatMap(({ label }) => Array.from({ length: classes }, (_, c) => +(c === label))),
    ),
  );

test('each label of a multi-label task is mixed by its own weights', () => {
  const one = fc.record({ weight: fc.constantFrom(0, 0.5, 1), target: fc.constantFrom(0, 0.3, 1) });
  const examples = fc.array(fc.tuple(one, one), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(
      examples,
      fc.double({ min: 0.05, max: 5, noNaN: true }),
      fc.nat(),
      (all, alpha, seed) => {
        const [weights, targets] = (['weight', 'target'] as const).map((field) =>
          all.flatMap((labels) => labels.map((label) => label[field])),
        );
        const mixed = mixBatch(batchOf(weights!, targets!, all.length), alpha, seed);
        for (const label of [0, 1]) {
          const column = (values: Iterable<number>) =>
            [...values].filter((_, at) => at % 2 === label);
          const alone = mixBatch(batchOf(column(weights!), column(targets!)), alpha, seed);
          expect(mixed.rows).toEqual(alone.rows);
          expect(column(mixed.weights)).toEqual([...alone.weights]);
          expect(column(mixed.targets)).toEqual([...alone.targets]);
          expect(column(mixed.teacherMargins)).toEqual([...alone.teacherMargins]);
        }
      },
    ),
  );
});

test('the loss of a mixed example is that of its two parts, each with its weight', () => {
  fc.assert(
    fc.property(
      batches,
      fc.double({ min: 0.05, max: 5, noNaN: true }),
      fc.nat(),
      (batch, alpha, seed) => {
        const mixed = mixBatch(batch, alpha, seed);
        const { size, weights, targets } = batch;
        const shares = numbersOf(mixed.rows);
        for (let row = 0; row < size; row++) {
          const parts = Array.from(shares.subarray(row * size, (row + 1) * size));
          expect(sum(parts)).toBeCloseTo(1, 6);
          expect(parts.filter((part) => part > 0).length).toBeLessThanOrEqual(2);
          expect(mixed.weights[row]).toBeCloseTo(
            sum(parts.map((part, i) => part * weights[i]!)),
            6,
          );
          // Cross-entropy is linear in the weighted target.
          for (let c = 0; c < classes; c++) {
            const expected = sum(
              parts.map((part, i) => part * weights[i]! * targets[i * classes + c]!),
            );
            expect(mixed.weights[row]! * mixed.targets[row * classes + c]!).toBeCloseTo(
              expected,
              6,
            );
          }
          const target = mixed.targets.subarray(row * classes, (row + 1) * classes);
          expect(sum(target)).toBeCloseTo(1, 6);
          expect(mixed.teacherMargins[row]).toBeNaN();
        }
      },
    ),
    { numRuns: 50 },
  );
});

test('in expectation, every example has its own weight in the loss', () => {
  const weights = [0, 0.5, 1, 2];
  const batch = batchOf(weights, new Array<number>(4 * classes).fill(1 / classes));
  const totals = new Float64Array(4);
  const count = 4_000;
  for (let position = 0; position < count; position++) {
    const shares = numbersOf(mixBatch(batch, 0.4, 1, position).rows);
    for (const [index, share] of shares.entries()) totals[index % 4]! += share / count;
  }
  // Five standard errors: the share of an example has a variance below 1/2.
  for (const total of totals) expect(Math.abs(total - 1)).toBeLessThan(5 * Math.sqrt(0.5 / count));
});

test('the same numbers give the same mixture, others another', () => {
  const batch = batchOf([1, 1, 1], new Array<number>(9).fill(1 / 3));
  expect(mixBatch(batch, 0.2, 1, 2, 3)).toEqual(mixBatch(batch, 0.2, 1, 2, 3));
  expect(mixBatch(batch, 0.2, 1, 2, 3)).not.toEqual(mixBatch(batch, 0.2, 1, 2, 4));
});

test.each(Object.entries(goldenFineTuning.beta))(
  'shares for α = %s are those of Beta(α, α)',
  (alpha, cdf) => {
    const random = randomFor(3);
    const count = 5_000;
    const shares = Array.from({ length: count }, () => symmetricBeta(Number(alpha), random));
    expect(shares.every((share) => share >= 0 && share <= 1)).toBe(true);
    for (const [index, point] of goldenFineTuning.points.entries()) {
      const below = shares.filter((share) => share <= point).length / count;
      // Five standard deviations.
      expect(Math.abs(below - cdf[index]!)).toBeLessThan(5 * Math.sqrt(0.25 / count));
    }
  },
);

test('a tiny α takes one of the two examples', () => {
  const random = randomFor(1);
  const shares = Array.from({ length: 50 }, () => symmetricBeta(1e-6, random));
  expect(new Set(shares)).toEqual(new Set([0, 1]));
});
