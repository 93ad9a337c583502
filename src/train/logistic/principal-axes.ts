/**
 * Rotation of examples to their principal axes. A penalty on the squared weights does not change
 * with a rotation, so the model is the same. Its weights become nearly independent of each other,
 * and a fit converges in a few iterations. With fewer examples than features, there is one axis per
 * example.
 */

import { attribute, backend, floatType } from '../../models/kernels.ts';
import { tf, type tfTypes } from '../../tensorflow.ts';
import { type LabeledRows, type LinearModel, sampleRows } from './labeled-rows.ts';

/** Maximum numbers of the axes. Finding 2,048 axes takes seconds. */
const axesNumbers = 2 ** 22;
/** Examples per feature that find the axes; they need not be exact. */
const examplesPerFeature = 20;
/** Maximum numbers that are rotated at once. */
const blockNumbers = 2 ** 20;

/** Axes of unit length, [length, axes]. */
export interface Axes {
  readonly values: Float32Array;
  readonly length: number;
}

/**
 * Rotates examples. Writes over their values.
 *
 * @returns no axes, and the same examples, if the axes would be too many.
 */
export function toPrincipalAxes(rows: LabeledRows): { rows: LabeledRows; axes?: Axes } {
  const { values, length, labels } = rows;
  const count = Math.min(labels.length, length);
  if (count * length > axesNumbers) return { rows };
  const axes = tf.tidy(() => findAxes(rows));
  try {
    const size = Math.max(1, Math.floor(blockNumbers / length));
    for (let start = 0; start < labels.length; start += size) {
      const end = Math.min(start + size, labels.length);
      const block = values.slice(start * length, end * length);
      const rotated = tf.tidy(() => tf.matMul(tf.tensor2d(block, [end - start, length]), axes));
      values.set(rotated.dataSync<'float32'>(), start * count);
      rotated.dispose();
    }
    return {
      rows: { ...rows, values: values.subarray(0, labels.length * count), length: count },
      axes: { values: axes.dataSync<'float32'>(), length },
    };
  } finally {
    axes.dispose();
  }
}

/** Returns the model of the features before their rotation. */
export function rotatedBack({ kernel, bias }: LinearModel, { values, length }: Axes): LinearModel {
  const classes = bias.length;
  const product = tf.tidy(() => {
    const weights = tf.tensor2d(Float32Array.from(kernel), [kernel.length / classes, classes]);
    return tf.matMul(tf.tensor2d(values, [length, values.length / length]), weights);
  });
  const weights = Float64Array.from(product.dataSync<'float32'>());
  product.dispose();
  return { kernel: weights, bias };
}

/** Finds the axes: the eigenvectors of XᵀX, or of its part in the space of the examples. */
function findAxes(rows: LabeledRows): tfTypes.Tensor2D {
  const { values, length, labels } = sampleRows(rows, examplesPerFeature * rows.length, 0);
  const matrix = tf.tensor2d(values, [labels.length, length]);
  if (labels.length >= length) return eigenvectors(tf.matMul(matrix, matrix, true));
  const [basis, inBasis] = backend.executeMultipleOutputs(
    'Qr',
    [attribute('full_matrices', 'BOOL', false), floatType('T')],
    [tf.transpose(matrix)],
    2,
  ) as [tfTypes.Tensor2D, tfTypes.Tensor2D];
  return tf.matMul(basis, eigenvectors(tf.matMul(inBasis, inBasis, false, true)));
}

function eigenvectors(symmetric: tfTypes.Tensor2D): tfTypes.Tensor2D {
  const [, vectors] = backend.executeMultipleOutputs(
    'SelfAdjointEigV2',
    [attribute('compute_v', 'BOOL', true), floatType('T')],
    [symmetric],
    2,
  );
  return vectors as tfTypes.Tensor2D;
}
