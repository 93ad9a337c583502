/** Examples of logistic regression, and its model. */
import { randomFor, shuffledOrder } from '../../data/random.ts';

/** Labeled examples. */
export interface LabeledRows {
  /** Row-major features, [n, length]. */
  readonly values: Float32Array;
  /** Features per example. */
  readonly length: number;
  /** True class of each example, [n]. */
  readonly labels: Int32Array;
  readonly classes: number;
}

/** Weights of a fitted model. */
export interface LinearModel {
  /** [length, classes] */
  readonly kernel: Float64Array;
  /** [classes] */
  readonly bias: Float64Array;
}

/** Draws a sample of the examples, at least one; returns all of them if they are not more. */
export function sampleRows(rows: LabeledRows, size: number, seed: number): LabeledRows {
  const { values, length, labels } = rows;
  if (size >= labels.length) return rows;
  const chosen = shuffledOrder(labels.length, randomFor(seed, 1)).subarray(0, Math.max(1, size));
  const taken = new Float32Array(chosen.length * length);
  chosen.forEach((example, row) => {
    taken.set(values.subarray(example * length, (example + 1) * length), row * length);
  });
  return { ...rows, values: taken, labels: Int32Array.from(chosen, (example) => labels[example]!) };
}
