/**
 * Decisions that a task asks a model for. A task with one class per example asks for one decision,
 * among its classes. A multi-label task asks for one decision per label, 0 (no) or 1 (yes). Each
 * decision is a classification problem of its own, with its margin and its weight.
 *
 * Models give `outputs` numbers per example: a probability per class, which sum to 1, or a
 * probability per label. Rows of decisions, [n × perExample, classes], are what all formulas read.
 */
import type { ValidationOutputs } from './validation.ts';

/** Sizes of the decisions of a task. */
export interface Decisions {
  /** Decisions per example: 1, or the number of labels. */
  readonly perExample: number;
  /** Classes of a decision: those of the task, or 2. */
  readonly classes: number;
  /** Outputs of a model per example: the number of classes, or of labels. */
  readonly outputs: number;
  /** Whether an example may have several labels, or none. */
  readonly isMultiLabel: boolean;
}

/** Returns the decision of a task with one of several classes per example. */
export function oneClass(classes: number): Decisions {
  return { perExample: 1, classes, outputs: classes, isMultiLabel: false };
}

/** Returns the decisions of a multi-label task. */
export function manyLabels(labels: number): Decisions {
  return { perExample: labels, classes: 2, outputs: labels, isMultiLabel: true };
}

/** Returns the decisions that a task asks for. @param classes The number of its classes. */
export function decisionsOf(
  { multiLabel }: { readonly multiLabel?: boolean | undefined },
  classes: number,
): Decisions {
  return multiLabel === true ? manyLabels(classes) : oneClass(classes);
}

/**
 * Converts outputs of a model to rows of decisions. With one class per example, they are the same.
 *
 * @param outputs [n, outputs], row-major.
 * @returns [n × perExample, classes]; a row of a label is [1 − p, p].
 * @example decisionRows(Float32Array.of(0.25, 1), manyLabels(2)); // [0.75, 0.25, 0, 1]
 */
export function decisionRows(outputs: Float32Array, { isMultiLabel }: Decisions): Float32Array {
  if (!isMultiLabel) return outputs;
  const rows = new Float32Array(2 * outputs.length);
  for (let i = 0; i < outputs.length; i++) {
    rows[2 * i] = 1 - outputs[i]!;
    rows[2 * i + 1] = outputs[i]!;
  }
  return rows;
}

/** Converts rows of decisions, [n × perExample, classes], to outputs of a model, [n, outputs]. */
export function outputsOfRows(rows: Float32Array, { isMultiLabel }: Decisions): Float32Array {
  if (!isMultiLabel) return rows;
  return Float32Array.from({ length: rows.length / 2 }, (_, i) => rows[2 * i + 1]!);
}

/**
 * Returns the outputs of a model that is sure of these decisions.
 *
 * @param decided Class of each decision, [perExample].
 * @returns [outputs]: one-hot, or 0 or 1 per label.
 */
export function sureOutputs(
  decided: ArrayLike<number>,
  { isMultiLabel, outputs }: Decisions,
): Float32Array {
  if (isMultiLabel) return Float32Array.from(decided);
  const target = new Float32Array(outputs);
  target[decided[0]!] = 1;
  return target;
}

/** Sums the outputs of the subclasses of each class. @param outputs [n, outputs × subclasses] */
export function classSums(outputs: Float32Array, subclasses: number): Float32Array {
  if (subclasses === 1) return outputs;
  const sums = new Float32Array(outputs.length / subclasses);
  for (const [index, value] of outputs.entries()) sums[Math.floor(index / subclasses)]! += value;
  return sums;
}

/** Returns the classes that are decided on: the class, or the labels with the decision 1. */
export function decidedClasses(decided: ArrayLike<number>, { isMultiLabel }: Decisions): number[] {
  const all = Array.from(decided);
  return isMultiLabel ? all.flatMap((yes, label) => (yes === 1 ? label : [])) : all;
}

/** Outputs and true decisions of n validation examples. */
export interface DecidedOutputs {
  /** [n, outputs] */
  readonly teacherOutputs: Float32Array;
  /** [n, outputs] */
  readonly studentOutputs: Float32Array;
  /** True class of each decision, [n, perExample]. */
  readonly decided: Int32Array;
}

/** Returns the outputs as classification problems: one, or one per label. */
export function problemsOf(
  { teacherOutputs, studentOutputs, decided }: DecidedOutputs,
  decisions: Decisions,
): ValidationOutputs[] {
  const { classes, perExample } = decisions;
  const teacher = decisionRows(teacherOutputs, decisions);
  const student = decisionRows(studentOutputs, decisions);
  return Array.from({ length: perExample }, (_, decision) => ({
    teacherProbabilities: everyNth(teacher, classes, decision, perExample),
    studentProbabilities: everyNth(student, classes, decision, perExample),
    labels: everyNth(decided, 1, decision, perExample),
    classes,
  }));
}

/**
 * Returns every n-th row of a table, from row `first` on.
 *
 * @param width Numbers per row.
 * @returns the table itself if n is 1.
 */
export function everyNth<Values extends Float32Array | Int32Array>(
  values: Values,
  width: number,
  first: number,
  n: number,
): Values {
  if (n === 1) return values;
  const rows = values.length / width / n;
  // A slice of an array is an array of the same kind.
  const taken = values.slice(0, rows * width) as Values;
  for (let row = 0; row < rows; row++) {
    const from = (row * n + first) * width;
    taken.set(values.subarray(from, from + width), row * width);
  }
  return taken;
}

/** Writes rows of one number to every n-th place of `target`, from `first` on. */
export function setEveryNth(
  target: Float32Array,
  values: Float32Array,
  first: number,
  n: number,
): void {
  for (const [row, value] of values.entries()) target[row * n + first] = value;
}
