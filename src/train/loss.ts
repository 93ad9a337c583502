import type { tfTypes } from '../tensorflow.ts';
import { crossEntropies } from './fused-kernels.ts';

/** What the model says of a batch while training: logits, [n, classes]. */
export function logitsOf(model: tfTypes.LayersModel, features: tfTypes.Tensor): tfTypes.Tensor {
  // A model with one output gives one tensor; the type covers models with several.
  return model.apply(features, { training: true }) as tfTypes.Tensor;
}

/** The loss of a batch: sum_i share_i * crossEntropy(target_i, student_i). */
export function weightedLoss(
  logits: tfTypes.Tensor,
  targets: tfTypes.Tensor,
  shares: tfTypes.Tensor,
): tfTypes.Scalar {
  return crossEntropies(logits, targets).mul(shares).sum().asScalar();
}

/** Each example's share in the loss of its batch, w_i / size: [size]. */
export function lossShares(weights: Float32Array): Float32Array {
  return weights.map((weight) => weight / weights.length);
}
