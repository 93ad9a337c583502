/**
 * The weight by the entropy of the teacher's probabilities, a baseline of Iliopoulos et al.
 * (NeurIPS 2022):
 *
 *   w(x) = 1 − H(t(x)) / ln C,   H(t) = −Σ_c t_c ln t_c
 *
 * It is 1 if the teacher is certain and 0 if all C classes are equally likely. It needs no
 * validation set, and trusts a teacher that is sure of its mistakes.
 */
import { clamp } from '../arrays.ts';
import type { Method, TeacherLabel } from './method.ts';
import type { ValidationPoints } from './validation.ts';
import type { WeightOptions } from './weights.ts';

export const entropy = {
  name: 'entropy',
  labels: 'either',
  needs: [],
  correct(
    _: ValidationPoints,
    { weights: { bounds } }: { readonly weights: Pick<WeightOptions, 'bounds'> },
  ) {
    const [low, high] = bounds;
    return {
      weightOf: ({ probabilities }: TeacherLabel) => clamp(entropyWeight(probabilities), low, high),
    };
  },
} as const satisfies Method;

/**
 * Returns the weight by entropy, w.
 *
 * @param probabilities [classes], at least two; they sum to 1.
 * @example entropyWeight(Float32Array.of(0.5, 0.5)); // 0
 */
export function entropyWeight(probabilities: Float32Array): number {
  // Rounding can take the entropy of equal probabilities above ln C.
  return Math.max(0, 1 - entropyOf(probabilities) / Math.log(probabilities.length));
}

/**
 * Returns H, in nats.
 *
 * @param probabilities [classes]
 */
export function entropyOf(probabilities: Float32Array): number {
  let sum = 0;
  for (const probability of probabilities) {
    if (probability > 0) sum -= probability * Math.log(probability);
  }
  return sum;
}
