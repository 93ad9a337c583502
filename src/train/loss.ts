import { probabilityFloor } from '../debias/cross-entropy.ts';
import { predictions } from '../debias/margin.ts';
import { type Mixing, topMask } from '../debias/slam.ts';
import { tf, type tfTypes } from '../tensorflow.ts';
import type { Batch } from './batch-shape.ts';
import { crossEntropies } from './fused-kernels.ts';
import type { Feed } from './graph/session.ts';

/**
 * What a row's loss is, with target t and the model's probabilities f:
 *
 *   crossEntropy  −Σ_c t_c ln f_c
 *   mse           Σ_c (t_c − f_c)²; a teacher trained with it gives students more to learn from (Hamidi
 *                 et al., ECCV 2024)
 *   slam          −Σ_c t_c ln mix(f)_c, see `debias/slam.ts`
 *   mcmi          −Σ_c t_c ln f_c − λ Σ_c f_c ln(f_c / Q_yc), see `debias/mcmi.ts`; t is one class, y
 */
export type Loss =
  | { readonly kind: 'crossEntropy' | 'mse' }
  | { readonly kind: 'slam'; readonly mixing: Mixing }
  | {
      readonly kind: 'mcmi';
      /** Q: [classes, classes], row by row. */
      readonly classMeans: Float32Array;
      /** λ. */
      readonly strength: number;
    };

export const crossEntropy: Loss = { kind: 'crossEntropy' };

/** What the loss of a batch is made from, besides the logits: the shapes, the numbers or the tensors. */
export interface LossInputs<Value> {
  /** [n, classes] */
  readonly targets: Value;
  /** Each example's share in the loss of its batch, w_i / n: [n]. */
  readonly shares: Value;
  /** SLaM's α, and the teacher's top classes: [n, 1] and [n, classes]. */
  readonly mixing?: { readonly alphas: Value; readonly masks: Value };
  /** ln Q_y of each example's class: [n, classes]. */
  readonly logMeans?: Value;
}

export function lossShapes(loss: Loss, size: number, classes: number): LossInputs<number[]> {
  const targets = [size, classes];
  const mixing = loss.kind === 'slam' && { alphas: [size, 1], masks: targets };
  const logMeans = loss.kind === 'mcmi' && targets;
  return { targets, shares: [size], ...(mixing && { mixing }), ...(logMeans && { logMeans }) };
}

/** Each example's share in the loss of its batch, w_i / size: [size]. */
export function lossShares(weights: Float32Array): Float32Array {
  return weights.map((weight) => weight / weights.length);
}

export function lossInputs(
  loss: Loss,
  { size, targets, teacherMargins, weights }: Batch,
): LossInputs<Feed> {
  const classes = targets.length / size;
  const shapes = lossShapes(loss, size, classes);
  const mixing = loss.kind === 'slam' && {
    alphas: { shape: [size, 1], values: teacherMargins.map(loss.mixing.alpha) },
    masks: { shape: shapes.targets, values: topMask(targets, classes, loss.mixing.topK) },
  };
  const logMeans = loss.kind === 'mcmi' && {
    shape: shapes.targets,
    values: logMeansOf(targets, classes, loss.classMeans),
  };
  return {
    targets: { shape: shapes.targets, values: targets },
    shares: { shape: shapes.shares, values: lossShares(weights) },
    ...(mixing && { mixing }),
    ...(logMeans && { logMeans }),
  };
}

function logMeansOf(targets: Float32Array, classes: number, means: Float32Array): Float32Array {
  const logs = new Float32Array(targets.length);
  predictions(targets, classes).forEach((label, row) => {
    for (let c = 0; c < classes; c++) {
      const mean = Math.max(means[label * classes + c]!, probabilityFloor);
      logs[row * classes + c] = Math.log(mean);
    }
  });
  return logs;
}

/** Puts another value in the place of each. */
export function mapInputs<From, To>(
  { targets, shares, mixing, logMeans }: LossInputs<From>,
  map: (value: From, name: string) => To,
): LossInputs<To> {
  return {
    targets: map(targets, 'targets'),
    shares: map(shares, 'shares'),
    ...(mixing && {
      mixing: { alphas: map(mixing.alphas, 'alphas'), masks: map(mixing.masks, 'masks') },
    }),
    ...(logMeans !== undefined && { logMeans: map(logMeans, 'logMeans') }),
  };
}

/** What the model says of a batch while training: logits, [n, classes]. */
export function logitsOf(model: tfTypes.LayersModel, features: tfTypes.Tensor): tfTypes.Tensor {
  // A model with one output gives one tensor; the type covers models with several.
  return model.apply(features, { training: true }) as tfTypes.Tensor;
}

/** The loss of a batch: sum_i share_i * loss(target_i, student_i). */
export function weightedLoss(
  loss: Loss,
  logits: tfTypes.Tensor,
  { targets, shares, mixing, logMeans }: LossInputs<tfTypes.Tensor>,
): tfTypes.Scalar {
  const losses = () => {
    switch (loss.kind) {
      case 'crossEntropy':
        return crossEntropies(logits, targets);
      case 'mse':
        return tf.softmax(logits).sub(targets).square().sum(1);
      case 'slam':
        return mixedCrossEntropies(logits, targets, mixing!);
      case 'mcmi': {
        const divergences = tf.logSoftmax(logits).sub(logMeans!).mul(tf.softmax(logits)).sum(1);
        return crossEntropies(logits, targets).sub(divergences.mul(loss.strength));
      }
    }
  };
  return losses().mul(shares).sum().asScalar();
}

/** SLaM's losses, [n]. */
function mixedCrossEntropies(
  logits: tfTypes.Tensor,
  targets: tfTypes.Tensor,
  { alphas, masks }: NonNullable<LossInputs<tfTypes.Tensor>['mixing']>,
): tfTypes.Tensor {
  const student = tf.softmax(logits);
  /** (1 − α) where a class is mixed, else 0. */
  const shares = tf.scalar(1).sub(alphas).mul(masks);
  const mixture = student.mul(alphas).add(tf.scalar(1).sub(student).mul(shares));
  // Where nothing is mixed in, the mixture may round to 0; what it is the logarithm of does not.
  const logMixture = tf.where(
    shares.greater(0),
    mixture.maximum(probabilityFloor).log(),
    tf.logSoftmax(logits).add(alphas.log()),
  );
  return logMixture.mul(targets).sum(1).neg();
}
