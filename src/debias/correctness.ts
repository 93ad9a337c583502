/**
 * The weight is the probability that the teacher is right, given only its margin. It is estimated
 * on the validation set, by isotonic regression of "right" on the teacher's margin. The regression
 * is non-decreasing, because a surer teacher is right at least as often. SLaM (Kontonis et al.,
 * NeurIPS 2023) estimates its α(x) in this way.
 */
import { isotonicRegression } from './isotonic.ts';
import type { Method } from './method.ts';
import type { ValidationPoints } from './validation.ts';
import type { WeightOptions } from './weights.ts';

export const correctness = {
  name: 'correctness',
  labels: 'either',
  needs: ['validation'],
  correct(
    points: ValidationPoints,
    { weights: { bounds } }: { readonly weights: Pick<WeightOptions, 'bounds'> },
  ) {
    const probabilityRight = fitProbabilityRight(points, bounds);
    return { weightOf: ({ margin }: { readonly margin: number }) => probabilityRight(margin) };
  },
} as const satisfies Method;

/**
 * Fits the probability that the teacher is right.
 *
 * @param bounds [low, high] to which the probability is clipped.
 * @returns P(right | teacher margin), non-decreasing.
 * @throws RangeError if there are no points.
 * @example
 * const points = { teacherMargins: Float32Array.of(0, 1), wrong: Uint8Array.of(1, 0) };
 * fitProbabilityRight(points)(0.5); // 0.5
 */
export function fitProbabilityRight(
  { teacherMargins, wrong }: Pick<ValidationPoints, 'teacherMargins' | 'wrong'>,
  bounds: readonly [low: number, high: number] = [0, 1],
): (teacherMargin: number) => number {
  const right = Array.from(wrong, (isWrong) => 1 - isWrong);
  return isotonicRegression(teacherMargins, right, bounds);
}
