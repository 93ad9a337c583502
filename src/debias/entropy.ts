/**
 * The weight by the entropy of the teacher's answer, a baseline of Iliopoulos et al. (NeurIPS 2022):
 *
 *   w(x) = 1 − H(t(x)) / ln C,   H(t) = −Σ_c t_c ln t_c
 *
 * 1 for a teacher that is certain, 0 for one that cannot tell any of the C classes from another. It
 * asks no validation set, and believes a teacher that is sure of its mistakes.
 */

/** @param probabilities [classes], at least two of them; they sum to 1. */
export function entropyWeight(probabilities: Float32Array): number {
  // Rounding takes the entropy of equal probabilities over ln C.
  return Math.max(0, 1 - entropy(probabilities) / Math.log(probabilities.length));
}

/** H, in nats. */
export function entropy(probabilities: Float32Array): number {
  let sum = 0;
  for (const probability of probabilities) {
    if (probability > 0) sum -= probability * Math.log(probability);
  }
  return sum;
}
