/**
 * Multinomial logistic regression with an L2 penalty.
 *
 *   minimize  mean_i −ln softmax(W x_i + b)_{y_i}  +  ‖W‖² / (2 C n)
 *
 * C is that of scikit-learn: the inverse of the penalty on the summed loss. The intercepts b have
 * no penalty. Losses and gradients of examples are TensorFlow's, in float32; everything else is
 * float64.
 */
import { setImmediate } from 'node:timers/promises';
import type { Decisions } from '../../debias/decisions.ts';
import { minimizing, type Objective } from '../../debias/minimize.ts';
import {
  disposeBlocks,
  exampleLosses,
  type LabeledBlock,
  lossWithGradient,
  meanSquares,
  toBlocks,
} from './blocks.ts';
import type { LabeledRows, LinearModel } from './labeled-rows.ts';

/** Numbers that the pairs of L-BFGS may take. */
const pairNumbers = 2 ** 24;

/** When a fit ends. */
const stops = { tolerance: 1e-7, iterations: 200 };
/** The share of the loss that an iteration gains at least; sums in float32 have no more digits. */
const leastGain = 1e-8;
/** Least curvature of the mean loss that is assumed: the labels may be separated perfectly. */
const leastCurvature = 1e-4;

/**
 * Fits a model.
 *
 * @param penalty C.
 * @param signal Ends the computation with its reason if it is aborted.
 * @param model Where the search starts. Default: no weights.
 */
export async function fitLogistic(
  rows: LabeledRows,
  penalty: number,
  signal: AbortSignal,
  model = startModel(rows),
): Promise<LinearModel> {
  const problem = toProblem(rows);
  try {
    const shares = new Float64Array(rows.labels.length).fill(1 / rows.labels.length);
    return await fitOn(problem, shares, penalty, signal, model);
  } finally {
    disposeBlocks(problem.blocks);
  }
}

/**
 * Joins the models of labels, each a regression on the classes no (0) and yes (1), into one model
 * whose sigmoid gives the probability of each label.
 *
 * @param models One per label, with two classes.
 * @returns the model with one score per label: the logit of yes less that of no.
 */
export function labelScores(models: readonly LinearModel[]): LinearModel {
  const differences = (values: (model: LinearModel) => Float64Array) => {
    const labels = models.map(values);
    const count = models.length;
    return Float64Array.from({ length: (labels[0]!.length / 2) * count }, (_, index) => {
      const [label, row] = [index % count, 2 * Math.floor(index / count)];
      return labels[label]![row + 1]! - labels[label]![row]!;
    });
  };
  return { kernel: differences(({ kernel }) => kernel), bias: differences(({ bias }) => bias) };
}

/**
 * Returns λ of the penalty λ/2 ‖W‖² with which a network learns the weights of the regressions.
 *
 * In a multi-label task, the loss of a network is also the mean over the labels. Its kernel has the
 * difference of two opposite columns of a regression, whose penalty is half of its square.
 *
 * @param c C.
 * @param examples Number of examples that the regressions learn.
 * @example networkPenalty(1, 100, oneClass(3)); // 0.01
 */
export function networkPenalty(
  c: number,
  examples: number,
  { isMultiLabel, outputs }: Decisions,
): number {
  return 1 / (c * examples * (isMultiLabel ? 2 * outputs : 1));
}

/** Returns no weights, and the logarithm of the smoothed frequency of each class as intercepts. */
export function startModel({ labels, length, classes }: LabeledRows): LinearModel {
  const counts = new Float64Array(classes).fill(0.5);
  for (const label of labels) counts[label]! += 1;
  const kernel = new Float64Array(length * classes);
  return { kernel, bias: counts.map((count) => Math.log(count / labels.length)) };
}

/** Examples as tensors. */
export interface LogisticProblem {
  readonly rows: LabeledRows;
  readonly blocks: readonly LabeledBlock[];
  /** Mean square of each feature, [length]. */
  readonly squares: Float64Array;
}

/** Copies examples to tensors. The caller disposes of the blocks. */
export function toProblem(rows: LabeledRows): LogisticProblem {
  const blocks = toBlocks(rows);
  return { rows, blocks, squares: meanSquares(blocks) };
}

/**
 * Fits a model to weighted examples.
 *
 * @param shares Share of each example in the mean loss, [n].
 * @param signal Ends the computation with its reason if it is aborted.
 * @param least The share of the loss that an iteration gains at least. Default: as far as float32
 *   goes.
 */
export async function fitOn(
  problem: LogisticProblem,
  shares: Float64Array,
  penalty: number,
  signal: AbortSignal,
  start: LinearModel,
  least = leastGain,
): Promise<LinearModel> {
  const { rows, blocks } = problem;
  const size = rows.length * rows.classes;
  const learned = shares.reduce((count, share) => count + Number(share > 0), 0);
  const decay = 1 / (penalty * learned);
  const units = unitsOf(problem, shares, decay, start);
  const isLearned = learnedClasses(rows, shares);
  const objective: Objective = (point, gradient) => {
    const model = multiplied(point, units, size);
    const slopes = { kernel: gradient.subarray(0, size), bias: gradient.subarray(size) };
    const loss = lossWithGradient(blocks, model, shares, slopes);
    let squares = 0;
    for (let i = 0; i < size; i++) {
      if (!isLearned[i % rows.classes]) gradient[i] = 0;
      gradient[i] = units[i]! * (gradient[i]! + decay * model.kernel[i]!);
      squares += model.kernel[i]! ** 2;
    }
    for (let i = size; i < units.length; i++) {
      gradient[i] = isLearned[i - size] ? units[i]! * gradient[i]! : 0;
    }
    return loss + (decay / 2) * squares;
  };
  const point = new Float64Array(units.length);
  point.set(start.kernel);
  point.set(start.bias, size);
  for (let i = 0; i < point.length; i++) point[i]! /= units[i]!;
  const memory = Math.max(3, Math.min(5, Math.floor(pairNumbers / (2 * point.length))));
  const iterations = minimizing(objective, point, { ...stops, leastGain: least, memory });
  for (;;) {
    const { done, value: found } = iterations.next();
    if (done) return multiplied(found, units, size);
    // Iterations block the event loop: timers and signals are processed here.
    await setImmediate();
    signal.throwIfAborted();
  }
}

/**
 * Returns the unit of each weight and intercept, in which the curvature of the objective is about 1
 * at the start. L-BFGS needs few iterations then.
 */
function unitsOf(
  { rows: { classes }, blocks, squares }: LogisticProblem,
  shares: Float64Array,
  decay: number,
  start: LinearModel,
): Float64Array {
  const curvatures = exampleLosses(blocks, start).map((loss) => {
    const right = Math.exp(-loss);
    // The mean of p (1 − p) over the classes if all other classes have the same probability.
    return (1 - right ** 2 - (1 - right) ** 2 / Math.max(1, classes - 1)) / classes;
  });
  const curvature = Math.max(leastCurvature, weightedSum(curvatures, shares));
  const units = new Float64Array((squares.length + 1) * classes);
  for (let i = 0; i < units.length; i++) {
    const square = squares[Math.floor(i / classes)];
    units[i] = 1 / Math.sqrt(square === undefined ? curvature : curvature * square + decay);
  }
  return units;
}

/** Multiplies coordinates by their units. */
function multiplied(point: Float64Array, units: Float64Array, size: number): LinearModel {
  const product = new Float64Array(point.length);
  for (let i = 0; i < product.length; i++) product[i] = point[i]! * units[i]!;
  return { kernel: product.subarray(0, size), bias: product.subarray(size) };
}

function weightedSum(values: Float64Array, shares: Float64Array): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += shares[i]! * values[i]!;
  return total;
}

/**
 * Returns whether each class has an example to learn from, [classes]. The intercept of the others
 * keeps its start, because it would fall without end.
 */
function learnedClasses({ labels, classes }: LabeledRows, shares: Float64Array): boolean[] {
  const found = new Array<boolean>(classes).fill(false);
  labels.forEach((label, i) => {
    if (shares[i]! > 0) found[label] = true;
  });
  return found;
}
