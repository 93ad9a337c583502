import { tf, type tfTypes } from '../../tensorflow.ts';
import type { Save } from '../fused-kernels.ts';
import type { LossFunction, LossRow } from './loss-function.ts';

/**
 * −t ln f − (1 − t) ln(1 − f) per label, with target t and the model's probability f = σ(z). It is
 * computed from the logit z, so that no rounding of f to 0 or 1 matters:
 *
 *   max(z, 0) − z t + ln(1 + exp(−|z|)),   with the gradient f − t
 */
export const binaryCrossEntropyLoss = {
  name: 'binaryCrossEntropy',
  open: (): LossFunction<never> => ({ activation: 'sigmoid', inputs: {}, losses }),
} as const satisfies LossRow;

function losses(logits: tfTypes.Tensor, targets: tfTypes.Tensor): tfTypes.Tensor {
  return tf.customGrad((...inputs) => {
    const [logits, save] = inputs as unknown as [tfTypes.Tensor, Save];
    save([logits.sigmoid().sub(targets)]);
    const rest = logits.abs().neg().exp().log1p();
    return {
      value: logits.relu().sub(logits.mul(targets)).add(rest),
      gradFunc: (dy: tfTypes.Tensor, [gradient]: tfTypes.Tensor[]) => dy.mul(gradient!),
    };
  })(logits);
}
