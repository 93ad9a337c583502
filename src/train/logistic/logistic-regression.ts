/**
 * Multinomial logistic regression with an L2 penalty.
 *
 *   minimize  mean_i −ln softmax(W x_i + b)_{y_i}  +  ‖W‖² / (2 C n)
 *
 * C is that of scikit-learn: the inverse of the penalty on the summed loss. The intercepts b have
 * no penalty. Products with the examples are TensorFlow's, in float32; everything else is float64.
 */
import { setImmediate } from 'node:timers/promises';
import { randomFor, shuffledOrder } from '../../data/random.ts';
import { minimizing, type Objective } from '../../debias/minimize.ts';
import { tf, type tfTypes } from '../../tensorflow.ts';

/** Numbers that the pairs of L-BFGS may take. */
const pairNumbers = 2 ** 24;

/** When a fit ends. */
const stops = { tolerance: 1e-7, iterations: 200 };
/** The share of the loss that an iteration gains at least; sums in float32 have no more digits. */
const leastGain = 1e-9;

/** Labeled examples. */
export interface LabeledRows {
  /** Row-major features, [n, length]. */
  readonly values: Float32Array;
  /** Features per example. */
  readonly length: number;
  /** True class of each example, [n]. */
  readonly labels: Int32Array;
  readonly classes: number;
}

/** Weights of a fitted model. */
export interface LinearModel {
  /** [length, classes] */
  readonly kernel: Float64Array;
  /** [classes] */
  readonly bias: Float64Array;
}

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
  const shares = new Float64Array(rows.labels.length).fill(1 / rows.labels.length);
  const matrix = tf.tensor2d(rows.values, [rows.labels.length, rows.length]);
  try {
    return await fitOn(rows, matrix, shares, penalty, signal, model);
  } finally {
    matrix.dispose();
  }
}

/** Draws a sample of the examples, at least one; returns all of them if they are not more. */
export function sampleRows(rows: LabeledRows, size: number, seed: number): LabeledRows {
  const { values, length, labels } = rows;
  if (size >= labels.length) return rows;
  const chosen = shuffledOrder(labels.length, randomFor(seed, 1)).subarray(0, Math.max(1, size));
  const taken = new Float32Array(chosen.length * length);
  chosen.forEach((example, row) => {
    taken.set(values.subarray(example * length, (example + 1) * length), row * length);
  });
  return { ...rows, values: taken, labels: Int32Array.from(chosen, (example) => labels[example]!) };
}

/** Returns no weights, and the logarithm of the smoothed frequency of each class as intercepts. */
export function startModel({ labels, length, classes }: LabeledRows): LinearModel {
  const counts = new Float64Array(classes).fill(0.5);
  for (const label of labels) counts[label]! += 1;
  const kernel = new Float64Array(length * classes);
  return { kernel, bias: counts.map((count) => Math.log(count / labels.length)) };
}

/**
 * Fits a model to weighted examples.
 *
 * @param matrix The features, [n, length].
 * @param shares Share of each example in the mean loss, [n].
 * @param signal Ends the computation with its reason if it is aborted.
 * @param least The share of the loss that an iteration gains at least. Default: as far as float32
 *   goes.
 */
export async function fitOn(
  rows: LabeledRows,
  matrix: tfTypes.Tensor2D,
  shares: Float64Array,
  penalty: number,
  signal: AbortSignal,
  start: LinearModel,
  least = leastGain,
): Promise<LinearModel> {
  const { length, classes } = rows;
  const size = length * classes;
  const learned = shares.reduce((count, share) => count + Number(share > 0), 0);
  const decay = 1 / (penalty * learned);
  const isLearned = learnedClasses(rows, shares);
  const objective: Objective = (point, gradient) => {
    const kernel = point.subarray(0, size);
    const residuals = linearLogits(matrix, kernel, point.subarray(size), classes);
    const loss = toResiduals(residuals, rows, shares, isLearned, gradient.subarray(size));
    gradient.set(transposedProduct(matrix, residuals, classes));
    let squares = 0;
    for (let i = 0; i < size; i++) {
      gradient[i]! += decay * kernel[i]!;
      squares += kernel[i]! ** 2;
    }
    return loss + (decay / 2) * squares;
  };
  const point = new Float64Array(size + classes);
  point.set(start.kernel);
  point.set(start.bias, size);
  const memory = Math.max(3, Math.min(10, Math.floor(pairNumbers / (2 * point.length))));
  const iterations = minimizing(objective, point, { ...stops, leastGain: least, memory });
  for (;;) {
    const { done, value: found } = iterations.next();
    if (done) return { kernel: found.slice(0, size), bias: found.slice(size) };
    // Iterations block the event loop: timers and signals are processed here.
    await setImmediate();
    signal.throwIfAborted();
  }
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

/** Computes W x + b for all examples, [n, classes]. */
export function linearLogits(
  matrix: tfTypes.Tensor2D,
  kernel: Float64Array,
  bias: Float64Array,
  classes: number,
): Float32Array {
  const product = tf.tidy(() =>
    matrix.matMul(tf.tensor2d(Float32Array.from(kernel), [matrix.shape[1], classes])),
  );
  const logits = product.dataSync<'float32'>();
  product.dispose();
  for (let i = 0; i < logits.length; i++) logits[i]! += bias[i % classes]!;
  return logits;
}

/** Computes Xᵀ R: [length, classes]. @param residuals R, [n, classes]. */
function transposedProduct(
  matrix: tfTypes.Tensor2D,
  residuals: Float32Array,
  classes: number,
): Float32Array {
  const product = tf.tidy(() =>
    tf.matMul(matrix, tf.tensor2d(residuals, [matrix.shape[0], classes]), true),
  );
  const values = product.dataSync<'float32'>();
  product.dispose();
  return values;
}

/**
 * Replaces logits by share · (p − y), the gradient of the loss by the logits.
 *
 * @param logits [n, classes]
 * @param biasGradient Receives the sums over the examples, [classes].
 * @returns the loss.
 */
function toResiduals(
  logits: Float32Array,
  { labels, classes }: LabeledRows,
  shares: Float64Array,
  isLearned: readonly boolean[],
  biasGradient: Float64Array,
): number {
  let loss = 0;
  biasGradient.fill(0);
  const logs = new Float64Array(classes);
  labels.forEach((label, i) => {
    const share = shares[i]!;
    const row = logits.subarray(i * classes, (i + 1) * classes);
    if (share === 0) {
      row.fill(0);
      return;
    }
    loss -= share * logSoftmax(row, logs)[label]!;
    for (let c = 0; c < classes; c++) {
      const residual = share * (Math.exp(logs[c]!) - Number(c === label));
      row[c] = isLearned[c] ? residual : 0;
      biasGradient[c]! += row[c]!;
    }
  });
  return loss;
}

/** Writes the logarithms of softmax into `target`, [classes]. */
export function logSoftmax(logits: Float32Array, target: Float64Array): Float64Array {
  let most = Number.NEGATIVE_INFINITY;
  for (const logit of logits) most = Math.max(most, logit);
  let total = 0;
  for (const logit of logits) total += Math.exp(logit - most);
  const shift = most + Math.log(total);
  for (let c = 0; c < target.length; c++) target[c] = logits[c]! - shift;
  return target;
}
