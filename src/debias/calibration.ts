/**
 * Calibration of a teacher per class: temperature scaling with a bias (Alexandari, Kundaje and
 * Shrikumar, "Maximum likelihood with bias-corrected calibration is hard-to-beat at label shift
 * adaptation", ICML 2020).
 *
 *   p'(c | x) = softmax_c(a · ln p(c | x) + b_c),  a > 0, sum of b = 0
 *
 * a mends probabilities that are too sure (a < 1) or too unsure (a > 1), and changes no prediction.
 * b mends classes that the teacher predicts too rarely or too often. With few labels, maximum
 * likelihood would fit b to their noise. Therefore it is penalized:
 *
 *   F(a, b) = −Σ_i ln p'(y_i | x_i) + (a − 1 − ln a) + λ/2 · Σ_c b_c²
 *
 * The second term is the prior Gamma(2, 1) of a: it is least at a = 1, and keeps a finite if the
 * teacher is right on every label. λ is chosen by cross-validation. F is convex, so that it has one
 * minimum. A class without a label gets no bias of its own, because nothing is known about it.
 */
import { clamp } from '../arrays.ts';
import { logLoss, probabilityFloor } from './cross-entropy.ts';
import { predictions } from './margin.ts';
import { minimize } from './minimize.ts';

/** Parameters of a calibration. */
export interface Calibration {
  /** a: the inverse temperature. */
  readonly scale: number;
  /** b: [classes]; their sum is 0. */
  readonly bias: readonly number[];
}

/** Labels and outputs of a model on n examples that it was not trained on. */
export interface CalibrationExamples {
  /** [n, classes], row-major; each row sums to 1. */
  readonly probabilities: Float32Array;
  /** [n], each in [0, classes). */
  readonly labels: Int32Array;
  readonly classes: number;
}

/** Candidates for λ: the inverse variance of a bias. Infinity: no bias, only a temperature. */
export const penalties = [Number.POSITIVE_INFINITY, 100, 10, 1, 0.1] as const;

/** With fewer labels than this, nothing is fitted. */
const fewestLabels = 20;

/**
 * Fits a calibration.
 *
 * @param penalty λ; Infinity fits the scale alone.
 * @param start where the search begins. Default: the identity.
 * @throws RangeError if sizes disagree or a label is out of range.
 * @example
 * // Nine of ten labels are of class 0, and the teacher gives it 0.5.
 * const probabilities = new Float32Array(20).fill(0.5);
 * const labels = Int32Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
 * fitCalibration({ probabilities, labels, classes: 2 }, 0.1).bias; // [1.04, −1.04]
 */
export function fitCalibration(
  examples: CalibrationExamples,
  penalty: number,
  start: Calibration = identityCalibration(examples.classes),
): Calibration {
  check(examples);
  const { labels, classes } = examples;
  const hasLabel = new Uint8Array(classes);
  for (const label of labels) hasLabel[label] = 1;
  const hasBias = (c: number) => penalty < Number.POSITIVE_INFINITY && hasLabel[c] === 1;
  const offset = meanOf(start.bias.filter((_, c) => !hasBias(c)));
  const from = Float64Array.of(
    start.scale,
    ...start.bias.map((bias, c) => (hasBias(c) ? bias - offset : 0)),
  );
  const objective = objectiveOf(examples, penalty, hasBias);
  const [scale, ...bias] = minimize(objective, from, 1e-6 * Math.max(1, labels.length));
  const mean = meanOf(bias);
  return { scale: scale!, bias: bias.map((value) => value - mean) };
}

/** Returns the calibration that changes nothing. */
export function identityCalibration(classes: number): Calibration {
  return { scale: 1, bias: new Array<number>(classes).fill(0) };
}

/**
 * Applies a calibration.
 *
 * @param probabilities [n, classes], row-major.
 * @returns [n, classes]; a row of NaN stays one. The identity returns its argument.
 * @example calibrate(Float32Array.of(0.2, 0.8), { scale: 2, bias: [0, 0] }); // [0.06, 0.94]
 */
export function calibrate(probabilities: Float32Array, { scale, bias }: Calibration): Float32Array {
  if (scale === 1 && bias.every((value) => value === 0)) return probabilities;
  const classes = bias.length;
  const result = new Float32Array(probabilities.length);
  const row = new Float64Array(classes);
  for (let start = 0; start < result.length; start += classes) {
    for (let c = 0; c < classes; c++) {
      row[c] = scale * logOf(probabilities[start + c]!) + bias[c]!;
    }
    softmaxInPlace(row);
    result.set(row, start);
  }
  return result;
}

/** Calibrations of a model, or of one model per fold, with their gain out of fold. */
export interface CrossFittedCalibration {
  /** Fitted on all labels: for examples without a label. */
  readonly whole: Calibration;
  /** One per fold, fitted on all labels outside of it: for the examples of the fold. */
  readonly folds: readonly Calibration[];
  /** The chosen λ; null if only the scale is fitted; undefined for the identity. */
  readonly penalty: number | null | undefined;
  /** Number of labels. */
  readonly examples: number;
  /** Mean log-loss out of fold. */
  readonly logLoss: { readonly before: number; readonly after: number };
  /** Number of right predictions out of fold. */
  readonly right: { readonly before: number; readonly after: number };
}

/**
 * Chooses the penalty by cross-validation, and fits one calibration per fold and one on all labels.
 *
 * The choice is the penalty with the smallest log-loss out of fold, among those that make no fewer
 * predictions right. If its gain does not exceed one standard error, the identity is kept: of
 * models that are alike within one standard error, the simplest is chosen (Breiman et al.,
 * "Classification and Regression Trees", 1984).
 *
 * @param foldOf [n], the fold of each example, in [0, count).
 * @param count number of folds, at least 2.
 * @throws RangeError if sizes disagree or a label is out of range.
 * @example
 * import { calibrate, crossFitCalibration } from 'counterweight/debias';
 *
 * // The model always prefers class 0; both classes are equally frequent.
 * const probabilities = Float32Array.from({ length: 80 }, (_, i) => (i % 2 === 0 ? 0.9 : 0.1));
 * const labels = Int32Array.from({ length: 40 }, (_, i) => i % 2);
 * const folds = Int32Array.from({ length: 40 }, (_, i) => Math.floor(i / 2) % 5);
 * const { whole } = crossFitCalibration({ probabilities, labels, classes: 2 }, folds, 5);
 * calibrate(probabilities.slice(0, 2), whole); // [0.502, 0.498]
 */
export function crossFitCalibration(
  examples: CalibrationExamples,
  foldOf: Int32Array,
  count: number,
): CrossFittedCalibration {
  check(examples);
  const n = examples.labels.length;
  if (foldOf.length !== n) throw new RangeError(`expected ${n} folds, got ${foldOf.length}`);
  const none = identityCalibration(examples.classes);
  const before = outOfFold(examples, foldOf, new Array<Calibration>(count).fill(none));
  const kept: CrossFittedCalibration = {
    whole: none,
    folds: new Array<Calibration>(count).fill(none),
    penalty: undefined,
    examples: n,
    logLoss: { before: meanOf(before.losses), after: meanOf(before.losses) },
    right: { before: before.right, after: before.right },
  };
  if (n < fewestLabels) return kept;
  const parts = Array.from({ length: count }, (_, fold) => outside(examples, foldOf, fold));
  let best:
    | { penalty: number; folds: Calibration[]; losses: Float64Array; right: number }
    | undefined;
  let folds = kept.folds;
  for (const penalty of penalties) {
    // A weaker penalty changes little, so that the search starts from the one before.
    folds = parts.map((part, fold) => fitCalibration(part, penalty, folds[fold]));
    const { losses, right } = outOfFold(examples, foldOf, folds);
    if (right < before.right) continue;
    if (!best || meanOf(losses) < meanOf(best.losses)) {
      best = { penalty, folds: [...folds], losses, right };
    }
  }
  if (!best || !isClearGain(before.losses, best.losses)) return kept;
  const { penalty, right, losses } = best;
  return {
    whole: fitCalibration(examples, penalty),
    folds: best.folds,
    penalty: penalty === Number.POSITIVE_INFINITY ? null : penalty,
    examples: n,
    logLoss: { before: kept.logLoss.before, after: meanOf(losses) },
    right: { before: before.right, after: right },
  };
}

/** Measures each example by the calibration of its fold. */
function outOfFold(
  { probabilities, labels, classes }: CalibrationExamples,
  foldOf: Int32Array,
  folds: readonly Calibration[],
) {
  const losses = new Float64Array(labels.length);
  let right = 0;
  for (const [i, label] of labels.entries()) {
    const row = probabilities.subarray(i * classes, (i + 1) * classes);
    const answer = calibrate(row, folds[foldOf[i]!]!);
    losses[i] = logLoss(answer[label]!);
    if (predictions(answer, classes)[0] === label) right++;
  }
  return { losses, right };
}

/** Returns true if the mean loss falls by more than one standard error of the difference. */
function isClearGain(before: Float64Array, after: Float64Array): boolean {
  const gains = before.map((loss, i) => loss - after[i]!);
  const mean = meanOf(gains);
  const variance = meanOf(gains.map((gain) => (gain - mean) ** 2));
  return mean > Math.sqrt(variance / Math.max(1, gains.length - 1));
}

/** Returns the examples outside of a fold. */
function outside(
  { probabilities, labels, classes }: CalibrationExamples,
  foldOf: Int32Array,
  fold: number,
): CalibrationExamples {
  const rows = [...labels.keys()].filter((i) => foldOf[i] !== fold);
  const taken = new Float32Array(rows.length * classes);
  rows.forEach((i, row) => {
    taken.set(probabilities.subarray(i * classes, (i + 1) * classes), row * classes);
  });
  return { probabilities: taken, labels: Int32Array.from(rows, (i) => labels[i]!), classes };
}

/** Makes the function F of [a, ...b] for `minimize`. */
function objectiveOf(
  { probabilities, labels, classes }: CalibrationExamples,
  penalty: number,
  hasBias: (c: number) => boolean,
) {
  const logs = Float64Array.from(probabilities, logOf);
  const row = new Float64Array(classes);
  return (x: Float64Array, gradient: Float64Array): number => {
    const scale = x[0]!;
    if (scale <= 0) return Number.POSITIVE_INFINITY;
    gradient.fill(0);
    let value = scale - 1 - Math.log(scale);
    gradient[0] = 1 - 1 / scale;
    for (const [i, label] of labels.entries()) {
      const start = i * classes;
      for (let c = 0; c < classes; c++) row[c] = scale * logs[start + c]! + x[c + 1]!;
      const target = row[label]!;
      value += softmaxInPlace(row) - target;
      row[label]! -= 1;
      for (let c = 0; c < classes; c++) {
        gradient[0]! += row[c]! * logs[start + c]!;
        gradient[c + 1]! += row[c]!;
      }
    }
    for (let c = 0; c < classes; c++) {
      if (!hasBias(c)) {
        gradient[c + 1] = 0;
        continue;
      }
      const bias = x[c + 1]!;
      value += (penalty / 2) * bias ** 2;
      gradient[c + 1]! += penalty * bias;
    }
    return value;
  };
}

/** Replaces scores by their softmax, and returns the logarithm of the sum of their exponentials. */
function softmaxInPlace(row: Float64Array): number {
  let largest = row[0]!;
  for (const score of row) largest = Math.max(largest, score);
  let total = 0;
  for (let c = 0; c < row.length; c++) {
    row[c] = Math.exp(row[c]! - largest);
    total += row[c]!;
  }
  for (let c = 0; c < row.length; c++) row[c]! /= total;
  return largest + Math.log(total);
}

function logOf(probability: number): number {
  return Math.log(clamp(probability, probabilityFloor, 1));
}

function meanOf(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  return values.length === 0 ? 0 : total / values.length;
}

function check({ probabilities, labels, classes }: CalibrationExamples): void {
  if (probabilities.length !== labels.length * classes) {
    throw new RangeError(
      `expected ${labels.length} × ${classes} probabilities, got ${probabilities.length}`,
    );
  }
  const unknown = labels.find((label) => label < 0 || label >= classes);
  if (unknown !== undefined) {
    throw new RangeError(`expected labels from 0 to ${classes - 1}, got ${unknown}`);
  }
}
