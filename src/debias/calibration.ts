/**
 * Calibration of a teacher per class: temperature scaling with a bias (Alexandari, Kundaje and
 * Shrikumar, "Maximum likelihood with bias-corrected calibration is hard-to-beat at label shift
 * adaptation", ICML 2020).
 *
 *   p'(c | x) = softmax_c(a · ln p(c | x) + b_c),  a > 0, sum of b = 0
 *
 * a corrects probabilities that are too sure (a < 1) or too unsure (a > 1), and changes no
 * prediction. b corrects classes that the teacher predicts too rarely or too often. With few
 * labels, maximum likelihood would fit b to their noise. Therefore it is penalized:
 *
 *   F(a, b) = −Σ_i ln p'(y_i | x_i) + (a − 1 − ln a) + λ/2 · Σ_c b_c²
 *
 * The second term is the prior Gamma(2, 1) of a: it is least at a = 1, and keeps a finite if the
 * teacher is right on every label. Cross-validation chooses λ (`cross-fit-calibration.ts`). F is
 * convex, so it has one minimum. A class without a label gets no bias of its own, because
 * nothing is known about it.
 */
import { clamp, mean } from '../arrays.ts';
import { probabilityFloor } from './cross-entropy.ts';
import { type Decisions, decisionRows, outputsOfRows } from './decisions.ts';
import { requireClasses } from './label-range.ts';
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

/**
 * Fits a calibration.
 *
 * @param penalty λ; Infinity fits the scale alone.
 * @param start Where the search begins. Default: the identity.
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
  checkExamples(examples);
  const { labels, classes } = examples;
  const hasLabel = new Uint8Array(classes);
  for (const label of labels) hasLabel[label] = 1;
  const hasBias = (c: number) => penalty < Number.POSITIVE_INFINITY && hasLabel[c] === 1;
  const offset = mean(start.bias.filter((_, c) => !hasBias(c)));
  const from = Float64Array.of(
    start.scale,
    ...start.bias.map((bias, c) => (hasBias(c) ? bias - offset : 0)),
  );
  const objective = objectiveOf(examples, penalty, hasBias);
  const [scale, ...bias] = minimize(objective, from, 1e-6 * Math.max(1, labels.length));
  const center = mean(bias);
  return { scale: scale!, bias: bias.map((value) => value - center) };
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

/**
 * Applies a calibration to outputs of a model. In a multi-label task, all labels share it.
 *
 * @param outputs [n, outputs], row-major.
 * @returns [n, outputs]
 */
export function calibrateOutputs(
  outputs: Float32Array,
  calibration: Calibration,
  decisions: Decisions,
): Float32Array {
  return outputsOfRows(calibrate(decisionRows(outputs, decisions), calibration), decisions);
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

/** @throws RangeError if sizes disagree or a label is out of range. */
export function checkExamples({ probabilities, labels, classes }: CalibrationExamples): void {
  if (probabilities.length !== labels.length * classes) {
    throw new RangeError(
      `expected ${labels.length} × ${classes} probabilities, got ${probabilities.length}`,
    );
  }
  requireClasses(labels, classes);
}
