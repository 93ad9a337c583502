/** Calibration by cross-fitting: chooses the penalty, and fits one calibration per fold. */
import { mean } from '../arrays.ts';
import {
  type Calibration,
  type CalibrationExamples,
  calibrate,
  checkExamples,
  fitCalibration,
  identityCalibration,
} from './calibration.ts';
import { logLoss } from './cross-entropy.ts';
import { predictions } from './margin.ts';

/** Candidates for λ: the inverse variance of a bias. Infinity: no bias, only a temperature. */
export const penalties = [Number.POSITIVE_INFINITY, 100, 10, 1, 0.1] as const;

/** Minimum number of labels for a fit. */
const fewestLabels = 20;

/** Calibrations of a model, or of one model per fold, with their gain out of fold. */
export interface CrossFittedCalibration {
  /** Calibration fitted on all labels, for examples without a label. */
  readonly whole: Calibration;
  /** Calibration per fold, fitted on all labels outside of the fold, for the fold's examples. */
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
 * @param foldOf Fold of each example, [n], in [0, count).
 * @param count Number of folds, at least 2.
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
  checkExamples(examples);
  const n = examples.labels.length;
  if (foldOf.length !== n) throw new RangeError(`expected ${n} folds, got ${foldOf.length}`);
  const none = identityCalibration(examples.classes);
  const folds = new Array<Calibration>(count).fill(none);
  const before = outOfFold(examples, foldOf, folds);
  const best = n < fewestLabels ? undefined : bestFit(examples, foldOf, folds, before);
  if (!best || !isClearGain(before.losses, best.losses)) {
    const logLoss = { before: mean(before.losses), after: mean(before.losses) };
    const right = { before: before.right, after: before.right };
    return { whole: none, folds, penalty: undefined, examples: n, logLoss, right };
  }
  return {
    whole: fitCalibration(examples, best.penalty),
    folds: best.folds,
    penalty: best.penalty === Number.POSITIVE_INFINITY ? null : best.penalty,
    examples: n,
    logLoss: { before: mean(before.losses), after: mean(best.losses) },
    right: { before: before.right, after: best.right },
  };
}

/** Results on examples, each by the calibration of its fold. */
interface OutOfFold {
  /** Log-losses, [n]. */
  readonly losses: Float64Array;
  /** Number of right predictions. */
  readonly right: number;
}

/** One calibration per fold, with its results. */
interface Fit extends OutOfFold {
  /** λ. */
  readonly penalty: number;
  readonly folds: readonly Calibration[];
}

/**
 * Fits every candidate of the penalty; returns the fit with the smallest log-loss of those that are
 * right on no fewer examples than before.
 */
function bestFit(
  examples: CalibrationExamples,
  foldOf: Int32Array,
  start: readonly Calibration[],
  before: OutOfFold,
): Fit | undefined {
  const parts = start.map((_, fold) => outside(examples, foldOf, fold));
  let folds = start;
  let best: Fit | undefined;
  for (const penalty of penalties) {
    // A weaker penalty changes little, so the search starts from the previous fit.
    folds = parts.map((part, fold) => fitCalibration(part, penalty, folds[fold]));
    const found = outOfFold(examples, foldOf, folds);
    if (found.right < before.right) continue;
    if (!best || mean(found.losses) < mean(best.losses)) best = { penalty, folds, ...found };
  }
  return best;
}

/** Measures each example by the calibration of its fold. */
function outOfFold(
  { probabilities, labels, classes }: CalibrationExamples,
  foldOf: Int32Array,
  folds: readonly Calibration[],
): OutOfFold {
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
export function isClearGain(before: Float64Array, after: Float64Array): boolean {
  const gains = before.map((loss, i) => loss - after[i]!);
  const gain = mean(gains);
  const variance = mean(gains.map((one) => (one - gain) ** 2));
  return gain > Math.sqrt(variance / Math.max(1, gains.length - 1));
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
