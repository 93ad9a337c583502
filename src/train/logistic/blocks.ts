/** Examples as tensors, in blocks, so that memory does not grow with examples × classes. */

import { attribute, backend, floatType } from '../../models/kernels.ts';
import { tf, type tfTypes } from '../../tensorflow.ts';
import type { LabeledRows, LinearModel } from './labeled-rows.ts';

/** Maximum numbers of a block: of its examples, and of its logits. */
const blockNumbers = 2 ** 22;

/** Consecutive examples, from `start` on. */
export interface LabeledBlock {
  readonly start: number;
  readonly size: number;
  /** [size, length] */
  readonly matrix: tfTypes.Tensor2D;
  /** [size] */
  readonly labels: Int32Array;
  /** The labels as a tensor. */
  readonly classes: tfTypes.Tensor1D;
}

/** Copies examples to tensors. The caller disposes of them with `disposeBlocks`. */
export function toBlocks({ values, length, labels, classes }: LabeledRows): LabeledBlock[] {
  const most = Math.max(1, Math.floor(blockNumbers / Math.max(length, classes)));
  const blocks: LabeledBlock[] = [];
  for (let start = 0; start < labels.length; start += most) {
    const end = Math.min(start + most, labels.length);
    const inBlock = values.subarray(start * length, end * length);
    blocks.push({
      ...{ start, size: end - start },
      matrix: tf.tensor2d(inBlock, [end - start, length]),
      labels: labels.subarray(start, end),
      classes: tf.tensor1d(labels.slice(start, end), 'int32'),
    });
  }
  return blocks;
}

/** Returns the examples with other labels, [n]; they share the features with `blocks`. */
export function withLabels(blocks: readonly LabeledBlock[], labels: Int32Array): LabeledBlock[] {
  return blocks.map((block) => {
    const own = labels.subarray(block.start, block.start + block.size);
    return { ...block, labels: own, classes: tf.tensor1d(own.slice(), 'int32') };
  });
}

/** Disposes of the labels alone, which `withLabels` made. */
export function disposeLabels(blocks: readonly LabeledBlock[]): void {
  for (const { classes } of blocks) classes.dispose();
}

export function disposeBlocks(blocks: readonly LabeledBlock[]): void {
  for (const { matrix, classes } of blocks) tf.dispose([matrix, classes]);
}

/** Computes the mean square of each feature: [length]. */
export function meanSquares(blocks: readonly LabeledBlock[]): Float64Array {
  const length = blocks[0]?.matrix.shape[1] ?? 0;
  const total = new Float64Array(length);
  let count = 0;
  for (const { matrix, size } of blocks) {
    const squares = tf.tidy(() => matrix.square().sum(0));
    addTo(total, squares);
    count += size;
  }
  return total.map((value) => value / count);
}

/** Computes the loss of each example, −ln softmax(W x + b)_y: [n]. */
export function exampleLosses(blocks: readonly LabeledBlock[], model: LinearModel): Float64Array {
  const losses = new Float64Array(blocks.reduce((count, { size }) => count + size, 0));
  forEachBlock(blocks, model, (block, found, errors) => makeExact(block, found, errors, losses));
  return losses;
}

/**
 * Computes the weighted sum of the examples' losses, and its gradient.
 *
 * @param shares Weight of each example, [n].
 * @param gradient Receives the gradient by the kernel, [length, classes], and by the bias.
 */
export function lossWithGradient(
  blocks: readonly LabeledBlock[],
  model: LinearModel,
  shares: Float64Array,
  gradient: LinearModel,
): number {
  const losses = new Float64Array(shares.length);
  const classes = model.bias.length;
  let total = 0;
  gradient.kernel.fill(0);
  gradient.bias.fill(0);
  forEachBlock(blocks, model, (block, found, errors) => {
    makeExact(block, found, errors, losses);
    for (let row = 0, i = 0; row < block.size; row++) {
      const share = shares[block.start + row]!;
      total += share * losses[block.start + row]!;
      for (let c = 0; c < classes; c++, i++) {
        errors[i]! *= share;
        gradient.bias[c]! += errors[i]!;
      }
    }
    const product = tf.tidy(() =>
      // The product of this shape is twice as fast as its transpose.
      tf.matMul(tf.tensor2d(errors, [block.size, classes]), block.matrix, true).transpose(),
    );
    addTo(gradient.kernel, product);
  });
  return total;
}

/**
 * Computes all examples, block by block.
 *
 * @param use Receives the losses, [size], and softmax(W x + b) − y, [size, classes].
 */
function forEachBlock(
  blocks: readonly LabeledBlock[],
  { kernel, bias }: LinearModel,
  use: (block: LabeledBlock, losses: Float32Array, errors: Float32Array) => void,
): void {
  const classes = bias.length;
  const weights = tf.tensor2d(Float32Array.from(kernel), [kernel.length / classes, classes]);
  const intercepts = tf.tensor1d(Float32Array.from(bias));
  try {
    for (const block of blocks) {
      const found = tf.tidy(() =>
        backend.executeMultipleOutputs(
          'SparseSoftmaxCrossEntropyWithLogits',
          [floatType('T'), attribute('Tlabels', 'TYPE', backend.binding.TF_INT32)],
          [tf.matMul(block.matrix, weights).add(intercepts), block.classes],
          2,
        ),
      );
      const [losses, errors] = found.map((tensor) => tensor.dataSync<'float32'>());
      tf.dispose(found);
      use(block, losses!, errors!);
    }
  } finally {
    tf.dispose([weights, intercepts]);
  }
}

/**
 * Replaces losses near 0, and the errors 1 − p_y. Both are differences of numbers near 1 in
 * float32; the sum of the other probabilities has all digits.
 */
function makeExact(
  { start, size, labels }: LabeledBlock,
  found: Float32Array,
  errors: Float32Array,
  losses: Float64Array,
): void {
  const classes = errors.length / size;
  for (let row = 0; row < size; row++) {
    const right = row * classes + labels[row]!;
    let others = -errors[right]!;
    for (let i = row * classes; i < (row + 1) * classes; i++) others += errors[i]!;
    if (others < 0.5) errors[right] = -others;
    losses[start + row] = others < 0.5 ? -Math.log1p(-others) : found[row]!;
  }
}

/** Adds a tensor to `total`, and disposes of it. */
function addTo(total: Float64Array, part: tfTypes.Tensor): void {
  const values = part.dataSync<'float32'>();
  part.dispose();
  for (let i = 0; i < total.length; i++) total[i]! += values[i]!;
}
