import type { Example } from '../data/example.ts';
import type { Supervision } from '../train/records.ts';

/** An example to learn from. */
export interface TrainingExample extends Supervision {
  readonly example: Example;
  /** The teacher's embedding, if it has one: [embeddingSize]. */
  readonly embedding?: Float32Array | undefined;
}

/** Returns the target of one class: [classes]. */
export function oneHot(index: number, classes: number): Float32Array {
  const target = new Float32Array(classes);
  target[index] = 1;
  return target;
}
