/** Choice of the penalty of logistic regression by cross-validation. */
import { randomFor, shuffledOrder } from '../../data/random.ts';
import { logLoss } from '../../debias/cross-entropy.ts';
import { tf, type tfTypes } from '../../tensorflow.ts';
import {
  fitOn,
  type LabeledRows,
  type LinearModel,
  linearLogits,
  logSoftmax,
  startModel,
} from './logistic-regression.ts';

/** Values of C from the strongest penalty to the weakest: 10^-5 to 10^3, two per power of ten. */
export const penaltyGrid: readonly number[] = Array.from(
  { length: 17 },
  (_, index) => 10 ** (index / 2 - 5),
);

/** The search ends after this many weaker penalties in a row that are clearly worse. */
const patience = 2;

/**
 * Least increase of the loss that is clear, as a share of the best loss. The strongest penalties
 * leave models that have learned nothing, and their losses differ by chance alone.
 */
const leastLoss = 1e-3;

/**
 * The share of the loss that an iteration of the search gains at least. Penalties differ by far
 * more, and the fits take half of the time.
 */
const leastGain = 1e-7;

/** A value of C with its cross-validated log-loss. */
export interface PenaltyLoss {
  readonly penalty: number;
  readonly logLoss: number;
}

/**
 * Measures penalties by cross-validation, from the strongest on, and stops once weaker ones are
 * worse.
 *
 * @param foldOf Fold of each example, [n], from 0.
 * @returns the measured penalties, in the order of `penaltyGrid`; the log-loss is the mean over the
 *   examples, each by the model without its fold.
 */
export async function crossValidate(
  rows: LabeledRows,
  foldOf: Int32Array,
  signal: AbortSignal,
): Promise<PenaltyLoss[]> {
  const folds = foldOf.reduce((most, fold) => Math.max(most, fold + 1), 0);
  const shares = Array.from({ length: folds }, (_, fold) => sharesWithout(foldOf, fold));
  let models = shares.map(() => startModel(rows));
  const measured: PenaltyLoss[] = [];
  const matrix = tf.tensor2d(rows.values, [rows.labels.length, rows.length]);
  try {
    for (const penalty of penaltyGrid) {
      const next: LinearModel[] = [];
      let loss = 0;
      for (const [fold, share] of shares.entries()) {
        const model = await fitOn(rows, matrix, share, penalty, signal, models[fold]!, leastGain);
        loss += heldOutLoss(rows, matrix, foldOf, fold, model);
        next.push(model);
      }
      models = next;
      measured.push({ penalty, logLoss: loss / rows.labels.length });
      if (isOver(measured)) break;
    }
  } finally {
    matrix.dispose();
  }
  return measured;
}

/** Returns whether the last penalties are clearly worse than the best. */
function isOver(measured: readonly PenaltyLoss[]): boolean {
  const limit = (1 + leastLoss) * measured[indexOfBest(measured)]!.logLoss;
  const last = measured.slice(-patience);
  return last.length === patience && last.every(({ logLoss }) => logLoss > limit);
}

/** Returns the penalty with the smallest log-loss; of equal ones, the strongest. */
export function bestPenalty(measured: readonly PenaltyLoss[]): number {
  return measured[indexOfBest(measured)]!.penalty;
}

function indexOfBest(measured: readonly PenaltyLoss[]): number {
  return measured.reduce(
    (best, { logLoss }, index) => (logLoss < measured[best]!.logLoss ? index : best),
    0,
  );
}

/**
 * Splits examples into folds at random, so that every fold has about the same share of each class.
 *
 * @returns the fold of each example, [n], from 0.
 */
export function stratifiedFolds(labels: Int32Array, folds: number, seed: number): Int32Array {
  const order = [...shuffledOrder(labels.length, randomFor(seed, 0))];
  const sorted = order.toSorted((a, b) => labels[a]! - labels[b]!);
  const result = new Int32Array(labels.length);
  sorted.forEach((example, position) => {
    result[example] = position % folds;
  });
  return result;
}

/** Returns the share of each example in the mean loss without a fold: [n]. */
function sharesWithout(foldOf: Int32Array, fold: number): Float64Array {
  const learned = foldOf.reduce((count, other) => count + Number(other !== fold), 0);
  return Float64Array.from(foldOf, (other) => (other === fold ? 0 : 1 / learned));
}

/** Sums the log-losses of a model over the examples of a fold. */
function heldOutLoss(
  { labels, classes }: LabeledRows,
  matrix: tfTypes.Tensor2D,
  foldOf: Int32Array,
  fold: number,
  { kernel, bias }: LinearModel,
): number {
  const logits = linearLogits(matrix, kernel, bias, classes);
  const target = new Float64Array(classes);
  let loss = 0;
  labels.forEach((label, i) => {
    if (foldOf[i] !== fold) return;
    const row = logits.subarray(i * classes, (i + 1) * classes);
    loss += logLoss(Math.exp(logSoftmax(row, target)[label]!));
  });
  return loss;
}
