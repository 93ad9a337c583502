import type { Rows } from '../data/features/kind.ts';

/**
 * A batch of `size` examples; arrays have room for `size` rows exactly. The last batch of an epoch
 * may be smaller than the others.
 */
export interface Batch {
  readonly size: number;
  /** `size` examples, normalized and augmented. */
  readonly rows: Rows;
  /** Targets, [size, outputs]: soft labels, one-hot, or 0 or 1 per label. */
  readonly targets: Float32Array;
  /**
   * Teacher margins, [size, perExample]: in [0, 1] for an unlabeled example, NaN for one with true
   * labels.
   */
  readonly teacherMargins: Float32Array;
  /** Loss weights, [size, perExample]; 1 for an example with a true label. */
  readonly weights: Float32Array;
}

/** A batch without its examples. */
export type Supervised = Omit<Batch, 'rows'>;

/**
 * Computes the loss weights of a batch, [size, perExample], from the student's current
 * probabilities, [size, outputs]. The weights are constants in the gradient.
 */
export type Reweigh = (batch: Batch, probabilities: Float32Array) => Float32Array;
