/**
 * SLaM, student-label mixing (Kontonis et al., NeurIPS 2023): instead of weighing an example's loss,
 * the student's answer is made as noisy as the teacher's label before the two are compared.
 *
 *   mix(f; α, k) = α f + (1 − α) (1 − f) ⊙ top(t; k)
 *
 *   f: student, t: teacher, both class probabilities
 *   α: how likely the teacher is right (`correctness.ts`), at least 1/2
 *   top: 1 for the k classes that the teacher finds most likely, else 0
 *
 * The second term is not divided by k − 1 (remark B.1 there: it works better), so the mixture need
 * not sum to 1. Below α = 1/2 the loss would teach the student the opposite of the label.
 */
import { correctness } from './correctness.ts';
import type { ValidationPoints } from './validation.ts';

/** How SLaM mixes the student's answer to an example. */
export interface Mixing {
  /** α of an example; 1, so that nothing is mixed, for a margin of NaN: that has a true label. */
  alpha(teacherMargin: number): number;
  /** k ≥ 1. */
  readonly topK: number;
}

/** @throws RangeError when there are no points. */
export function slamMixing(points: ValidationPoints, topK: number): Mixing {
  const probabilityRight = correctness(points, [0.5, 1]);
  return {
    alpha: (margin) => (Number.isNaN(margin) ? 1 : probabilityRight(margin)),
    topK,
  };
}

/**
 * top(t; k) of each row; of equal ones the first.
 * @param probabilities [n, classes], row by row.
 * @returns [n, classes], 1 or 0.
 */
export function topMask(probabilities: Float32Array, classes: number, k: number): Float32Array {
  const mask = new Float32Array(probabilities.length);
  for (let start = 0; start < probabilities.length; start += classes) {
    for (let taken = 0; taken < Math.min(k, classes); taken++) {
      let best = -1;
      for (let at = start; at < start + classes; at++) {
        if (mask[at] === 1) continue;
        if (best < 0 || probabilities[at]! > probabilities[best]!) best = at;
      }
      mask[best] = 1;
    }
  }
  return mask;
}
