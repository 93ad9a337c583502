/**
 * A batch of `size` examples; arrays have room for `size` rows exactly. The last batch of an epoch
 * may be smaller than the others.
 */
export interface Batch {
  readonly size: number;
  /** Normalised and augmented features, [size, ...featureShape]. */
  readonly features: Float32Array;
  /** What the student should say, [size, classes]: a soft label, or one 1. */
  readonly targets: Float32Array;
  /** Teacher margin in [0, 1] of an unlabeled example; NaN for one with a true label. */
  readonly teacherMargins: Float32Array;
  /** Loss weights; 1 for an example with a true label. */
  readonly weights: Float32Array;
}

/**
 * Gives the loss weights, [size], of a batch from what the student says of it right now
 * (`probabilities`, [size, classes]). A constant in the gradient.
 */
export type Reweigh = (batch: Batch, probabilities: Float32Array) => Float32Array;
