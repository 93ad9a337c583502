import type { Example } from '../data/example.ts';

/** An example to learn from. */
export interface TrainingExample {
  readonly example: Example;
  /** What the student should say, [classes]. */
  readonly target: Float32Array;
  /** NaN for an example with a true label. */
  readonly teacherMargin: number;
  readonly weight: number;
}

/** A target that is one class for certain: [classes]. */
export function oneHot(index: number, classes: number): Float32Array {
  const target = new Float32Array(classes);
  target[index] = 1;
  return target;
}
