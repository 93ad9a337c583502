/**
 * Cross-entropy in natural logarithms.
 *
 *   l(q, f) = −Σ_c q_c · ln max(f_c, 1e-7)
 *
 * The floor is TensorFlow.js's epsilon: it bounds a loss by 16.12 where a float32 softmax says 0.
 */
export const probabilityFloor = 1e-7;

/** The loss of a class (a hard label) that was given this probability. */
export function logLoss(probability: number): number {
  return -Math.log(Math.max(probability, probabilityFloor));
}

/**
 * The loss of row `row` against a soft label.
 *
 * @param targets [n, classes]; each row sums to 1.
 * @param probabilities [n, classes].
 */
export function crossEntropy(
  targets: Float32Array,
  probabilities: Float32Array,
  classes: number,
  row: number,
): number {
  let loss = 0;
  for (let j = row * classes; j < (row + 1) * classes; j++) {
    loss += targets[j]! * logLoss(probabilities[j]!);
  }
  return loss;
}
