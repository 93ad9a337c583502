/** The loss of a batch: a loss function (`losses/`) weighted per example, or per label. */

import type { Feed } from '../models/graph-session.ts';
import type { tfTypes } from '../tensorflow.ts';
import type { Batch } from './batch-shape.ts';
import type { LossFunction } from './losses/loss-function.ts';
import { isKernel, type Weight } from './parameters.ts';

/** The inputs of a batch's loss besides the logits, as shapes, numbers or tensors. */
export interface LossInputs<Value> {
  /** [n, outputs] */
  readonly targets: Value;
  /** Shares in the loss of the batch, w_i / n, [n], or w_il / (n · outputs), [n, outputs]. */
  readonly shares: Value;
  /** The inputs that only this loss has, by name. */
  readonly own: Readonly<Record<string, Value>>;
}

export function lossShapes(
  { activation, inputs }: LossFunction,
  size: number,
  outputs: number,
): LossInputs<number[]> {
  const own = mapValues(inputs, ({ shape }) => shape(size, outputs));
  const shares = activation === 'sigmoid' ? [size, outputs] : [size];
  return { targets: [size, outputs], shares, own };
}

export function lossFeeds(loss: LossFunction, batch: Batch): LossInputs<Feed> {
  const { size, targets, weights } = batch;
  const shapes = lossShapes(loss, size, targets.length / size);
  return {
    targets: { shape: shapes.targets, values: targets },
    shares: { shape: shapes.shares, values: lossShares(weights) },
    own: mapValues(loss.inputs, ({ values }, name) => ({
      shape: shapes.own[name]!,
      values: values(batch),
    })),
  };
}

/** Returns the shares in the loss of a batch, whose mean is weighted: the weights' shape. */
export function lossShares(weights: Float32Array): Float32Array {
  return weights.map((weight) => weight / weights.length);
}

/** Replaces every value. */
export function mapInputs<From, To>(
  { targets, shares, own }: LossInputs<From>,
  map: (value: From, name: string) => To,
): LossInputs<To> {
  return {
    targets: map(targets, 'targets'),
    shares: map(shares, 'shares'),
    own: mapValues(own, map),
  };
}

function mapValues<From, To>(
  values: Readonly<Record<string, From>>,
  map: (value: From, name: string) => To,
): Record<string, To> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, map(value, name)]),
  );
}

/** Runs the model on a batch in training mode: logits, [n, outputs]. */
export function logitsOf(model: tfTypes.LayersModel, features: tfTypes.Tensor): tfTypes.Tensor {
  // A model with one output gives one tensor; the type covers models with several.
  return model.apply(features, { training: true }) as tfTypes.Tensor;
}

/** Computes the model's probabilities, [n, outputs]. */
export function probabilitiesOf(
  { activation }: LossFunction,
  logits: tfTypes.Tensor,
): tfTypes.Tensor {
  return logits[activation]();
}

/** Computes the gradient of a weight with that of its penalty λ/2 ‖W‖², which only kernels have. */
export function penalizedGradient(
  gradient: tfTypes.Tensor,
  { name, variable }: Weight,
  penalty: number,
): tfTypes.Tensor {
  return penalty > 0 && isKernel(name) ? gradient.add(variable.mul(penalty)) : gradient;
}

/** Computes the loss of a batch, Σ_i share_i · loss(target_i, student_i), also over labels. */
export function weightedLoss(
  loss: LossFunction,
  logits: tfTypes.Tensor,
  { targets, shares, own }: LossInputs<tfTypes.Tensor>,
): tfTypes.Scalar {
  return loss.losses(logits, targets, own).mul(shares).sum().asScalar();
}
