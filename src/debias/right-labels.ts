/**
 * The probability that a teacher's label is right, and the expected share of right labels in a set.
 *
 * The probability is the isotonic regression of "right" on the teacher's margin, as in
 * `correctness.ts`, on n examples whose labels the teacher has not learned. It is never 0 or 1,
 * because n examples cannot show that: its bounds are those of Laplace's rule of succession,
 * 1 / (n + 2) and (n + 1) / (n + 2).
 *
 * The expected share of right labels is the mean of these probabilities. It is linear in the means
 * of the regression's blocks: share = Σ_B s_B · mean_B, where s_B is the part of the set that block
 * B decides. Its variance is therefore that of a sample of
 *
 *   n_eff = 1 / Σ_B (s_B² / n_B)
 *
 * independent examples, n_B of them in block B. This is the effective sample size of survey
 * statistics (Franco, Little, Louis and Slud, "Comparative study of confidence intervals for
 * proportions in complex sample surveys", Journal of Survey Statistics and Methodology, 2019).
 */
import { clamp, sum } from '../arrays.ts';
import { type IsotonicBlock, isotonicBlocks } from './isotonic.ts';
import type { ValidationPoints } from './validation.ts';

/** Estimator of the probability that a label is right. */
export interface RightEstimator {
  /** Number of blocks of the fit. */
  readonly blocks: number;
  /**
   * Returns P(right | margin).
   *
   * @param parts [blocks]: receives the parts of this label that the blocks decide; they sum to 1.
   */
  at(margin: number, parts?: Float64Array): number;
  /** Returns the expected share of right labels of a set, from the sums of its `parts`. */
  expect(parts: Float64Array): ExpectedRight;
}

/** Expected share of right labels. */
export interface ExpectedRight {
  /** Mean probability that a label is right. */
  readonly share: number;
  /** Number of independent judged examples that would give the same variance. */
  readonly effectiveExamples: number;
}

/**
 * Fits the regression of "right" on the margin.
 *
 * @throws RangeError if there are no points.
 */
export function fitRightBlocks({
  teacherMargins,
  wrong,
}: Pick<ValidationPoints, 'teacherMargins' | 'wrong'>): IsotonicBlock[] {
  const right = Array.from(wrong, (isWrong) => 1 - isWrong);
  return isotonicBlocks(teacherMargins, right);
}

/**
 * Creates the estimator of a fit.
 *
 * @param blocks of `fitRightBlocks`; at least one.
 * @example
 * const points = { teacherMargins: Float32Array.of(0, 1), wrong: Uint8Array.of(1, 0) };
 * const { at } = createRightEstimator(fitRightBlocks(points));
 * [at(0), at(0.5), at(1)]; // [0.25, 0.5, 0.75]
 */
export function createRightEstimator(blocks: readonly IsotonicBlock[]): RightEstimator {
  const examples = sum(blocks.map(({ count }) => count));
  const [low, high] = [1 / (examples + 2), (examples + 1) / (examples + 2)];
  const values = blocks.map(({ mean }) => clamp(mean, low, high));
  return {
    blocks: blocks.length,
    at(margin, parts) {
      const left = lastBlockFrom(blocks, margin);
      const { last } = blocks[left]!;
      const next = blocks[left + 1];
      const share = next && margin > last ? (margin - last) / (next.first - last) : 0;
      if (parts) {
        parts[left]! += 1 - share;
        if (share > 0) parts[left + 1]! += share;
      }
      return share > 0 ? (1 - share) * values[left]! + share * values[left + 1]! : values[left]!;
    },
    expect(parts) {
      const total = sum(parts);
      let share = 0;
      let inverse = 0;
      for (const [block, { count }] of blocks.entries()) {
        const part = parts[block]! / total;
        share += part * values[block]!;
        inverse += part ** 2 / count;
      }
      return { share, effectiveExamples: 1 / inverse };
    },
  };
}

/** Returns the last block that begins at or below a margin; the first, if none does. */
function lastBlockFrom(blocks: readonly IsotonicBlock[], margin: number): number {
  let [left, right] = [0, blocks.length];
  while (right - left > 1) {
    const middle = (left + right) >> 1;
    if (blocks[middle]!.first <= margin) left = middle;
    else right = middle;
  }
  return left;
}
