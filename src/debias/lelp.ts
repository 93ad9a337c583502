/**
 * LELP, learning embedding linear projections (Loo, Iliopoulos, Hu and Vee 2024, arXiv 2409.20449).
 * With few classes, the teacher's probabilities carry little information. So each class is split
 * into S pseudo-subclasses by the part of the teacher's embedding h that the class does not
 * explain. The student learns the subclasses; a class's probability is the sum of theirs.
 *
 *   h⊥ = h − W⁺ W h                  the part of h outside the span of the class scores W h
 *   v_c1 … v_cS                      the main directions of h⊥ within class c, rotated at random so
 *                                    that each has an equal part of the variance
 *   P(s | c, x) = softmax_s(⟨v_cs, h⊥ − μ_c⟩ / β)
 *   q(c, s | x) = t(c | x) P(s | c, x)       the student's target; t: the label, hard or soft
 *
 * Two choices are ours. W comes from a regression of the teacher's log-probabilities (W h up to a
 * constant) on h, so the method works with any teacher that has an embedding. The paper leaves β
 * open; here it is the standard deviation along the v_cs. `lelp-split.ts` computes the directions.
 */
import { z } from 'zod';
import type { Method } from './method.ts';

export const lelp = {
  name: 'lelp',
  labels: 'either',
  needs: ['embeddings', 'oneClass'],
  options: z
    .strictObject({
      subclasses: z
        .int()
        .min(2)
        .default(4)
        .describe('Number of subclasses per class, found from the embeddings of the teacher.'),
    })
    .prefault({}),
  // The labels are split; the loss on them is cross-entropy.
  correct: () => ({}),
  prepare: () => import('../distill/methods/lelp.ts'),
} as const satisfies Method;

/**
 * The split of all classes. The score of subclass s of class c is ⟨direction, h⟩ − offset, with h
 * the embedding.
 */
export interface Subclasses {
  /** S. */
  readonly subclasses: number;
  /**
   * [classes × S, embeddingSize]; row c × S + s is P v_cs / β, with P the projection to h⊥.
   */
  readonly directions: readonly (readonly number[])[];
  /** [classes × S]: ⟨direction, μ_c⟩. */
  readonly offsets: readonly number[];
}

/**
 * Returns the student's target for an example, q(c, s | x) at c × S + s: [classes × S].
 *
 * @param embedding of the example, [embeddingSize].
 * @param label t(c | x): [classes]
 * @example
 * const split = { subclasses: 2, directions: [[1], [-1], [1], [-1]], offsets: [0, 0, 0, 0] };
 * subclassTargets(split, Float32Array.of(0), Float32Array.of(1, 0)); // [0.5, 0.5, 0, 0]
 */
export function subclassTargets(
  { subclasses, directions, offsets }: Subclasses,
  embedding: Float32Array,
  label: Float32Array,
): Float32Array {
  const targets = new Float32Array(label.length * subclasses);
  label.forEach((probability, index) => {
    if (probability === 0) return;
    const first = index * subclasses;
    const scores = Array.from({ length: subclasses }, (_, s) => {
      const direction = directions[first + s]!;
      return direction.reduce((sum, d, i) => sum + d * embedding[i]!, -offsets[first + s]!);
    });
    const largest = Math.max(...scores);
    const powers = scores.map((score) => Math.exp(score - largest));
    const sum = powers.reduce((a, b) => a + b, 0);
    powers.forEach((power, s) => {
      targets[first + s] = (probability * power) / sum;
    });
  });
  return targets;
}
