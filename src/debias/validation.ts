/**
 * The points from which error probability and distortion are estimated: teacher and current student
 * on the validation set.
 *
 *   wrong_i         = 1 if argmax t(x_i) differs from y_i, else 0
 *   teacherLosses_i = l(ŷ_i, f(x_i))   ŷ: the teacher's label, hard (its argmax) or soft (t itself)
 *   trueLosses_i    = l(y_i, f(x_i))
 *
 * t: teacher, f: student, y: true label, l: cross-entropy. With soft labels, too, a teacher is
 * wrong by its argmax. If the student's training smooths its targets, l smooths them likewise: the
 * weights correct the loss that the student minimizes.
 */
import { crossEntropy, logLoss, lossOnAll } from './cross-entropy.ts';
import { requireClasses } from './label-range.ts';
import { margins, predictions } from './margin.ts';

/**
 * Below this number of judged examples, comparisons and estimates are mostly chance: an error rate
 * is known to no better than ±14 percentage points.
 */
export const fewestJudged = 50;

/** Outputs and true labels of n validation examples. */
export interface ValidationOutputs {
  /** [n, classes], row by row. */
  readonly teacherProbabilities: Float32Array;
  /** [n, classes], row by row. */
  readonly studentProbabilities: Float32Array;
  /** [n], each in [0, classes). */
  readonly labels: Int32Array;
  readonly classes: number;
}

/** Margins, mistakes and losses of n validation examples. */
export interface ValidationPoints {
  /** [n], in [0, 1]. */
  readonly teacherMargins: Float32Array;
  /** [n], in [0, 1]. */
  readonly studentMargins: Float32Array;
  /** [n], 1 if the teacher's most likely class is not the true one, else 0. */
  readonly wrong: Uint8Array;
  /** [n], the student's loss on the teacher's label. */
  readonly teacherLosses: Float64Array;
  /** [n], the student's loss on the true label. */
  readonly trueLosses: Float64Array;
}

/**
 * Computes the points from which weights are estimated.
 *
 * @param outputs.targets The kind of labels that the student learns from.
 * @param outputs.smoothing Share of each label that is spread over the classes, `labelSmoothing` of
 *   the student. Default: 0.
 * @throws RangeError if sizes disagree, a label is out of range or an output is NaN.
 * @example
 * validationPoints({
 *   teacherProbabilities: Float32Array.of(0.75, 0.25),
 *   studentProbabilities: Float32Array.of(0.5, 0.5),
 *   labels: Int32Array.of(1),
 *   classes: 2,
 *   targets: 'hard',
 * }).wrong; // [1]
 */
export function validationPoints(
  outputs: ValidationOutputs & {
    readonly targets: 'soft' | 'hard';
    readonly smoothing?: number | undefined;
  },
): ValidationPoints {
  check(outputs);
  const { teacherProbabilities, studentProbabilities, labels, classes, targets } = outputs;
  const { smoothing = 0 } = outputs;
  const n = labels.length;
  const teacherClasses = predictions(teacherProbabilities, classes);
  const wrong = new Uint8Array(n);
  const teacherLosses = new Float64Array(n);
  const trueLosses = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const label = labels[i]!;
    const teacherClass = teacherClasses[i]!;
    wrong[i] = teacherClass === label ? 0 : 1;
    trueLosses[i] = logLoss(studentProbabilities[i * classes + label]!);
    teacherLosses[i] =
      targets === 'hard'
        ? logLoss(studentProbabilities[i * classes + teacherClass]!)
        : crossEntropy(teacherProbabilities, studentProbabilities, classes, i);
    if (smoothing === 0) continue;
    const spread = smoothing * lossOnAll(studentProbabilities, classes, i);
    trueLosses[i] = (1 - smoothing) * trueLosses[i]! + spread;
    teacherLosses[i] = (1 - smoothing) * teacherLosses[i]! + spread;
  }
  return {
    teacherMargins: margins(teacherProbabilities, classes),
    studentMargins: margins(studentProbabilities, classes),
    wrong,
    teacherLosses,
    trueLosses,
  };
}

function check(outputs: ValidationOutputs): void {
  const { labels, classes } = outputs;
  for (const who of ['teacher', 'student'] as const) {
    const probabilities = outputs[`${who}Probabilities`];
    if (probabilities.length !== labels.length * classes) {
      throw new RangeError(
        `expected ${labels.length} × ${classes} ${who} probabilities, got ${probabilities.length}`,
      );
    }
    if (probabilities.some(Number.isNaN)) {
      throw new RangeError(`the ${who}'s outputs on the validation set contain NaN`);
    }
  }
  requireClasses(labels, classes);
}
