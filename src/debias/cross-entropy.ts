/**
 * Cross-entropy in natural logarithms.
 *
 *   l(q, f) = −Σ_c q_c · ln max(f_c, 1e-7)
 *
 * The floor is TensorFlow.js's epsilon: it bounds a loss by 16.12 if a float32 softmax is 0.
 */
export const probabilityFloor = 1e-7;

/** Returns the loss on a class (a hard label) with this probability. */
export function logLoss(probability: number): number {
  return -Math.log(Math.max(probability, probabilityFloor));
}

/**
 * Returns the loss of row `row` on a soft label.
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

/** Returns the loss of row `row` on the uniform distribution. @param probabilities [n, classes]. */
export function lossOnAll(probabilities: Float32Array, classes: number, row: number): number {
  let loss = 0;
  for (let j = row * classes; j < (row + 1) * classes; j++) loss += logLoss(probabilities[j]!);
  return loss / classes;
}
