/**
 * How likely the teacher is right about an example, from its margin alone: isotonic regression of
 * "right" on the teacher margins of the validation set. A teacher that is surer is not less often
 * right. SLaM (Kontonis et al., NeurIPS 2023) estimates its α(x) in this way.
 */
import { isotonicRegression } from './isotonic.ts';
import type { ValidationPoints } from './validation.ts';

/**
 * @param bounds what the probability is clipped to.
 * @returns P(right | margin), non-decreasing.
 * @throws RangeError when there are no points.
 */
export function correctness(
  { teacherMargins, wrong }: Pick<ValidationPoints, 'teacherMargins' | 'wrong'>,
  bounds: readonly [low: number, high: number] = [0, 1],
): (teacherMargin: number) => number {
  const right = Array.from(wrong, (isWrong) => 1 - isWrong);
  return isotonicRegression(teacherMargins, right, bounds);
}
