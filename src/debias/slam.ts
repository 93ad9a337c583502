/**
 * SLaM, student-label mixing (Kontonis et al., NeurIPS 2023). Instead of weighing an example's
 * loss, SLaM makes the student's output as noisy as the teacher's label before it compares the two.
 *
 *   mix(f; α, k) = α f + (1 − α) (1 − f) ⊙ top(t; k)
 *
 *   f: student, t: teacher, both class probabilities
 *   α: the probability that the teacher is right (`correctness.ts`), at least 1/2
 *   top: 1 for the k classes that the teacher finds most likely, else 0
 *
 * The second term is not divided by k − 1, because that works better (their remark B.1). So the
 * mixture need not sum to 1. Below α = 1/2 the loss would teach the student the opposite of the
 * label.
 */
import { z } from 'zod';
import { fitProbabilityRight } from './correctness.ts';
import type { Method } from './method.ts';
import type { ValidationPoints } from './validation.ts';

const options = z.strictObject({
  topK: z
    .int()
    .min(1)
    .default(3)
    .describe('A wrong label is assumed to be among this many most likely classes.'),
});

export const slam = {
  name: 'slam',
  // A hard label has no top k.
  labels: 'soft',
  needs: ['validation', 'oneClass'],
  excludes: ['mixup', 'labelSmoothing'],
  options: options.prefault({}),
  correct(points: ValidationPoints, { slam }: { readonly slam: z.infer<typeof options> }) {
    return { loss: { kind: 'slam' as const, mixing: slamMixing(points, slam.topK) } };
  },
} as const satisfies Method;

/** SLaM's mixing of a student's outputs. */
export interface Mixing {
  /** Returns α of an example. A margin of NaN (a true label) gives 1, which mixes nothing. */
  alpha(teacherMargin: number): number;
  /** k ≥ 1. */
  readonly topK: number;
}

/**
 * Fits α, the probability that the teacher is right, by which SLaM mixes.
 *
 * @throws RangeError if there are no points.
 * @example
 * const points = { teacherMargins: Float32Array.of(0, 1), wrong: Uint8Array.of(1, 0) };
 * slamMixing(points, 3).alpha(0.9); // 0.95
 */
export function slamMixing(
  points: Pick<ValidationPoints, 'teacherMargins' | 'wrong'>,
  topK: number,
): Mixing {
  const probabilityRight = fitProbabilityRight(points, [0.5, 1]);
  return {
    alpha: (margin) => (Number.isNaN(margin) ? 1 : probabilityRight(margin)),
    topK,
  };
}

/**
 * Marks the k largest probabilities of each row, top(t; k). Ties go to the lower class.
 *
 * @param probabilities [n, classes], row-major.
 * @returns [n, classes], 1 or 0.
 * @example topMask(Float32Array.of(0.2, 0.5, 0.3), 3, 2); // [0, 1, 1]
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
