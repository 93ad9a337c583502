import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mean, sum } from '../../src/arrays.ts';
import { randomFor } from '../../src/data/random.ts';
import { fitProbabilityRight } from '../../src/debias/correctness.ts';
import { createRightEstimator, fitRightBlocks } from '../../src/debias/right-labels.ts';
import { wilsonInterval } from '../../src/evaluate/wilson.ts';

/** Draws labels of a teacher that is right with probability (1 + margin) / 2. */
function simulate(seed: number, n: number) {
  const random = randomFor(seed, n);
  const teacherMargins = Float32Array.from({ length: n }, () => random() ** 2);
  const wrong = Uint8Array.from(teacherMargins, (margin) => (random() < (1 + margin) / 2 ? 0 : 1));
  return { teacherMargins, wrong };
}

describe('P(label is right)', () => {
  test('is calibrated on labels that it was not fitted to', () => {
    fc.assert(
      fc.property(fc.nat({ max: 10_000 }), (seed) => {
        const { at } = createRightEstimator(fitRightBlocks(simulate(seed, 2_000)));
        const { teacherMargins, wrong } = simulate(seed, 4_000);
        const bins = Array.from({ length: 5 }, () => ({ expected: 0, right: 0 }));
        teacherMargins.forEach((margin, i) => {
          const expected = at(margin);
          const bin = bins[Math.min(4, Math.floor((expected - 0.5) * 10))] ?? bins[0]!;
          bin.expected += expected;
          bin.right += 1 - wrong[i]!;
        });
        const error = sum(bins.map(({ expected, right }) => Math.abs(expected - right)));
        // Sampling noise alone gives about 0.02.
        expect(error / wrong.length).toBeLessThan(0.05);
      }),
      { numRuns: 10 },
    );
  });

  test('is the regression of `correctness`, kept away from 0 and 1', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.float({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 1)), {
          minLength: 1,
          maxLength: 40,
        }),
        fc.float({ min: 0, max: 1, noNaN: true }),
        (points, margin) => {
          const teacherMargins = Float32Array.from(points, ([x]) => x);
          const wrong = Uint8Array.from(points, ([, y]) => y);
          const n = points.length;
          const bounds = [1 / (n + 2), (n + 1) / (n + 2)] as const;
          const regression = fitProbabilityRight({ teacherMargins, wrong }, bounds);
          const estimator = createRightEstimator(fitRightBlocks({ teacherMargins, wrong }));
          expect(estimator.at(margin)).toBeCloseTo(regression(margin), 9);
        },
      ),
    );
  });
});

describe('the expected share of right labels', () => {
  const expectation = (seed: number) => {
    const blocks = fitRightBlocks(simulate(seed, 300));
    const estimator = createRightEstimator(blocks);
    const parts = new Float64Array(estimator.blocks);
    const { teacherMargins, wrong } = simulate(seed, 3_000);
    const each = Array.from(teacherMargins, (margin) => estimator.at(margin, parts));
    const truth = 1 - mean(Float64Array.from(wrong));
    return { blocks, each, truth, parts, ...estimator.expect(parts) };
  };

  test('is the mean of the probabilities, and every label counts once', () => {
    const { each, share, parts } = expectation(1);
    expect(share).toBeCloseTo(mean(each), 9);
    expect(sum(parts)).toBeCloseTo(each.length, 6);
  });

  test('has an interval that contains the truth in 19 of 20 cases', () => {
    const runs = Array.from({ length: 100 }, (_, seed) => expectation(seed));
    const covered = runs.filter(({ share, effectiveExamples: n, truth }) => {
      const { low, high } = wilsonInterval(share * n, n);
      return low <= truth && truth <= high;
    });
    // 95 expected, less 3 standard deviations and the noise of the measured truth.
    expect(covered.length).toBeGreaterThan(86);
    for (const { effectiveExamples } of runs) expect(effectiveExamples).toBeLessThanOrEqual(301);
  });

  test('rests on fewer examples where the judged margins are rare', () => {
    const teacherMargins = Float32Array.of(0, ...new Array<number>(99).fill(1));
    const wrong = Uint8Array.of(1, ...new Array<number>(99).fill(0));
    const estimator = createRightEstimator(fitRightBlocks({ teacherMargins, wrong }));
    const parts = new Float64Array(estimator.blocks);
    estimator.at(0, parts);
    expect(estimator.expect(parts)).toEqual({ share: 1 / 102, effectiveExamples: 1 });
  });
});
