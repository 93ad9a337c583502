/** Targets and weights that a student learns, and their form in a record: consecutive floats. */
import type { Decisions } from '../debias/decisions.ts';
import type { Supervised } from './batch-shape.ts';

/** Target and weights of an example. */
export interface Supervision {
  /** Target, [outputs]: a soft label, one-hot, or 0 or 1 per label. */
  readonly target: Float32Array;
  /** Margins of the teacher, [perExample]; NaN for a decision with a true label. */
  readonly teacherMargins: Float32Array;
  /** Weights of the losses, [perExample]. */
  readonly weights: Float32Array;
}

/** Returns the number of floats of a supervision. */
export function supervisionLength({ outputs, perExample }: Decisions): number {
  return outputs + 2 * perExample;
}

/** Writes target, margins and weights to `floats`, from `start` on. */
export function writeSupervision(
  { target, teacherMargins, weights }: Supervision,
  floats: Float32Array,
  start: number,
): void {
  floats.set(target, start);
  floats.set(teacherMargins, start + target.length);
  floats.set(weights, start + target.length + teacherMargins.length);
}

/** Copies what `writeSupervision` wrote into a row of a batch. */
export function copySupervision(
  floats: Float32Array,
  start: number,
  { outputs, perExample }: Decisions,
  batch: Supervised,
  row: number,
): void {
  // Loops, because views cost more than copies of so few numbers.
  let at = start;
  for (let o = 0; o < outputs; o++) batch.targets[row * outputs + o] = floats[at++]!;
  const first = row * perExample;
  for (let d = 0; d < perExample; d++) batch.teacherMargins[first + d] = floats[at++]!;
  for (let d = 0; d < perExample; d++) batch.weights[first + d] = floats[at++]!;
}
