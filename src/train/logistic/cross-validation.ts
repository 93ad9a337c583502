/** Choice of the penalty of logistic regression by cross-validation. */
import { mean } from '../../arrays.ts';
import { randomFor, shuffledOrder } from '../../data/random.ts';
import { logLoss } from '../../debias/cross-entropy.ts';
import {
  disposeBlocks,
  disposeLabels,
  exampleLosses,
  type LabeledBlock,
  withLabels,
} from './blocks.ts';
import type { LabeledRows, LinearModel } from './labeled-rows.ts';
import { fitOn, type LogisticProblem, startModel, toProblem } from './logistic-regression.ts';

/** Powers of ten of C, from the strongest penalty to the weakest. */
const powers = [-5, -4, -3, -2, -1, 0, 1, 2, 3];

/**
 * Least increase of the loss that is clear, as a share of the best loss. The strongest penalties
 * leave models that have learned nothing, and their losses differ by chance alone.
 */
const leastLoss = 1e-3;

/**
 * The share of the loss that an iteration of the search gains at least. Penalties differ by far
 * more, and the fits take two thirds of the time.
 */
const leastGain = 1e-6;

/** A value of C with its cross-validated log-losses. */
export interface PenaltyLoss {
  readonly penalty: number;
  /** Mean of the losses. */
  readonly logLoss: number;
  /** Log-loss of each judged example, each by the model without its fold. */
  readonly losses: Float64Array;
}

/** Returns whether log-losses are clearly larger than the smallest ones of the same examples. */
export type IsWorse = (found: Float64Array, best: Float64Array) => boolean;

const isWorseInMean: IsWorse = (found, best) => mean(found) > (1 + leastLoss) * mean(best);

/** The examples that each fold of a cross-validation judges and learns. */
export interface Splits {
  /** Fold that judges each example, [n], from 0; −1 if every fold learns it and none judges it. */
  readonly foldOf: Int32Array;
  /** Returns the labels that the model without a fold learns, [n]. Default: those of the rows. */
  readonly labelsWithout?: (fold: number) => Int32Array;
}

/** A measured penalty, C = 10^power. */
interface Measured extends PenaltyLoss {
  readonly power: number;
  /** The models, one without each fold, and the models that they started from. */
  readonly models: readonly LinearModel[];
  readonly starts: readonly LinearModel[];
}

/**
 * Measures penalties by cross-validation. Powers of ten of C come first, from the strongest penalty
 * until one is clearly worse than the best, then C = √10 times stronger and weaker than the best.
 * Each fit starts from the model of a stronger penalty.
 *
 * @param isWorse Ends the search. Default: the mean loss is larger.
 * @returns the measured penalties, the strongest first.
 */
export async function crossValidate(
  rows: LabeledRows,
  { foldOf, labelsWithout = () => rows.labels }: Splits,
  signal: AbortSignal,
  isWorse: IsWorse = isWorseInMean,
): Promise<PenaltyLoss[]> {
  const count = foldOf.reduce((most, fold) => Math.max(most, fold + 1), 0);
  const whole = toProblem(rows);
  const folds = Array.from({ length: count }, (_, fold) => ({
    problem: relabeled(whole, labelsWithout(fold)),
    shares: sharesWithout(foldOf, fold),
  }));
  const found: PenaltyLoss[] = [];
  const measure = async (power: number, starts: readonly LinearModel[]): Promise<Measured> => {
    const penalty = 10 ** power;
    const models: LinearModel[] = [];
    const byExample = new Float64Array(foldOf.length);
    for (const [fold, { problem, shares }] of folds.entries()) {
      const model = await fitOn(problem, shares, penalty, signal, starts[fold]!, leastGain);
      writeHeldOut(problem.blocks, foldOf, fold, model, byExample);
      models.push(model);
    }
    const losses = byExample.filter((_, example) => foldOf[example]! >= 0);
    const one = { penalty, logLoss: mean(losses), losses };
    found.push(one);
    return { ...one, power, models, starts };
  };
  try {
    let models: readonly LinearModel[] = folds.map(({ problem }) => startModel(problem.rows));
    let best: Measured | undefined;
    for (const power of powers) {
      const measured = await measure(power, models);
      if (best && isWorse(measured.losses, best.losses)) break;
      if (!best || measured.logLoss < best.logLoss) best = measured;
      models = measured.models;
    }
    for (const power of [best!.power - 0.5, best!.power + 0.5]) {
      const isStronger = power < best!.power;
      if (power > powers[0]! && power < powers.at(-1)!) {
        await measure(power, isStronger ? best!.starts : best!.models);
      }
    }
  } finally {
    disposeBlocks(whole.blocks);
    for (const { problem } of folds) disposeLabels(problem.blocks);
  }
  return found.toSorted((a, b) => a.penalty - b.penalty);
}

/** Returns the penalty with the smallest log-loss; of equal ones, the strongest. */
export function bestPenalty(measured: readonly PenaltyLoss[]): number {
  return bestOf(measured).penalty;
}

/**
 * Returns the weakest penalty that is not worse than the best one.
 * @param measured the strongest first.
 */
export function weakestPenalty(measured: readonly PenaltyLoss[], isWorse: IsWorse): number {
  const best = bestOf(measured);
  return measured.findLast(({ losses }) => !isWorse(losses, best.losses))!.penalty;
}

function bestOf(measured: readonly PenaltyLoss[]): PenaltyLoss {
  return measured.reduce((best, one) => (one.logLoss < best.logLoss ? one : best));
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

/** Returns a problem with other labels, on the same features. */
function relabeled(
  { rows, blocks, squares }: LogisticProblem,
  labels: Int32Array,
): LogisticProblem {
  return { rows: { ...rows, labels }, blocks: withLabels(blocks, labels), squares };
}

/** Returns the share of each example in the mean loss without a fold: [n]. */
function sharesWithout(foldOf: Int32Array, fold: number): Float64Array {
  const learned = foldOf.reduce((count, other) => count + Number(other !== fold), 0);
  return Float64Array.from(foldOf, (other) => (other === fold ? 0 : 1 / learned));
}

/** Writes the log-losses of a model on the examples of a fold. */
function writeHeldOut(
  blocks: readonly LabeledBlock[],
  foldOf: Int32Array,
  fold: number,
  model: LinearModel,
  byExample: Float64Array,
): void {
  for (const [example, loss] of exampleLosses(blocks, model).entries()) {
    if (foldOf[example] === fold) byExample[example] = logLoss(Math.exp(-loss));
  }
}
