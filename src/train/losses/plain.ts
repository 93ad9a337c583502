/** The losses of the table in JavaScript, for models that need no TensorFlow. */
import { probabilityFloor } from '../../debias/cross-entropy.ts';
import { type Mixing, topMask } from '../../debias/slam.ts';
import type { Loss } from './index.ts';
import type { McmiParameters } from './mcmi.ts';

/** An example, with the model's outputs for it. */
export interface PlainExample {
  /** [classes] */
  readonly target: Float32Array;
  /** NaN for an example with a true label. */
  readonly teacherMargin: number;
  /** The model's probabilities: [classes]. */
  readonly probabilities: Float64Array;
  /** Their logarithms. */
  readonly logs: Float64Array;
}

/**
 * Computes the loss of an example, and writes its gradient by the logits.
 * @param gradient [classes], which receives the gradient.
 */
export type PlainLoss = (example: PlainExample, gradient: Float64Array) => number;

const openers: { readonly [Name in Loss['kind']]: (loss: Loss<Name>) => PlainLoss } = {
  crossEntropy: () => crossEntropy,
  // A label is a decision between two classes: its logits are 0 and z, since σ(z) = softmax(0, z)₂.
  binaryCrossEntropy: () => crossEntropy,
  mse: () => squaredError,
  slam: ({ mixing }) => mixed(mixing),
  mcmi: diverse,
};

/** Returns whether every output is a label: a decision with a loss and a weight of its own. */
export function isPerLabel({ kind }: Loss): boolean {
  return kind === 'binaryCrossEntropy';
}

/** Returns the loss of a description, for an example or for one of its labels. */
export function openPlainLoss<Name extends Loss['kind']>(loss: Loss<Name>): PlainLoss {
  const rows: { readonly [N in Name]: (loss: Loss<N>) => PlainLoss } = openers;
  return rows[loss.kind](loss);
}

function crossEntropy({ target, probabilities, logs }: PlainExample, gradient: Float64Array) {
  let loss = 0;
  let total = 0;
  for (let c = 0; c < target.length; c++) {
    loss -= target[c]! * logs[c]!;
    total += target[c]!;
  }
  for (let c = 0; c < target.length; c++) gradient[c] = probabilities[c]! * total - target[c]!;
  return loss;
}

function squaredError({ target, probabilities }: PlainExample, gradient: Float64Array) {
  let loss = 0;
  for (let c = 0; c < target.length; c++) {
    const error = probabilities[c]! - target[c]!;
    loss += error ** 2;
    gradient[c] = 2 * error;
  }
  toLogits(probabilities, gradient);
  return loss;
}

function mixed({ alpha, topK }: Mixing): PlainLoss {
  return ({ target, teacherMargin, probabilities, logs }, gradient) => {
    const right = alpha(teacherMargin);
    const mask = topMask(target, target.length, topK);
    let loss = 0;
    /** Sum of the targets of classes that are not mixed. */
    let plain = 0;
    for (let c = 0; c < target.length; c++) {
      const share = (1 - right) * mask[c]!;
      const mixture = right * probabilities[c]! + (1 - probabilities[c]!) * share;
      gradient[c] = 0;
      if (share === 0) {
        loss -= target[c]! * (logs[c]! + Math.log(right));
        plain += target[c]!;
      } else {
        loss -= target[c]! * Math.log(Math.max(mixture, probabilityFloor));
        if (mixture > probabilityFloor) gradient[c] = (target[c]! * (share - right)) / mixture;
      }
    }
    toLogits(probabilities, gradient);
    for (let c = 0; c < target.length; c++) {
      const isPlain = (1 - right) * mask[c]! === 0;
      gradient[c]! += probabilities[c]! * plain - (isPlain ? target[c]! : 0);
    }
    return loss;
  };
}

function diverse({ classMeans, strength }: McmiParameters): PlainLoss {
  return (example, gradient) => {
    const { target, probabilities, logs } = example;
    const means = target.indexOf(Math.max(...target)) * target.length;
    const ratios = logs.map(
      (log, c) => log - Math.log(Math.max(classMeans[means + c]!, probabilityFloor)),
    );
    const divergence = ratios.reduce((sum, ratio, c) => sum + probabilities[c]! * ratio, 0);
    const loss = crossEntropy(example, gradient) - strength * divergence;
    for (let c = 0; c < target.length; c++) {
      gradient[c]! -= strength * probabilities[c]! * (ratios[c]! - divergence);
    }
    return loss;
  };
}

/** Turns a gradient by the probabilities into one by the logits. */
function toLogits(probabilities: Float64Array, gradient: Float64Array): void {
  let mean = 0;
  for (let c = 0; c < gradient.length; c++) mean += probabilities[c]! * gradient[c]!;
  for (let c = 0; c < gradient.length; c++) {
    gradient[c] = probabilities[c]! * (gradient[c]! - mean);
  }
}
