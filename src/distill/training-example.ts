import type { Example } from '../data/example.ts';
import { type Decisions, sureOutputs } from '../debias/decisions.ts';
import type { Supervision } from '../train/supervision.ts';

/** An example to learn from. */
export interface TrainingExample extends Supervision {
  readonly example: Example;
  /** The teacher's embedding, if it has one: [embeddingSize]. */
  readonly embedding?: Float32Array | undefined;
}

/** Returns what is learned of an example with a true label. @param decided [perExample] */
export function trueSupervision(decided: ArrayLike<number>, decisions: Decisions): Supervision {
  const { perExample } = decisions;
  return {
    target: sureOutputs(decided, decisions),
    teacherMargins: new Float32Array(perExample).fill(Number.NaN),
    weights: new Float32Array(perExample).fill(1),
  };
}

/** Returns the target of one class: [classes]. */
export function oneHot(index: number, classes: number): Float32Array {
  const target = new Float32Array(classes);
  target[index] = 1;
  return target;
}
