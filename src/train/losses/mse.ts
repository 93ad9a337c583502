import { tf } from '../../tensorflow.ts';
import type { LossFunction, LossRow } from './loss-function.ts';

/**
 * Σ_c (t_c − f_c)², with target t and the model's probabilities f. A teacher trained with it gives
 * students more to learn from (Hamidi et al., ECCV 2024).
 */
export const mseLoss = {
  name: 'mse',
  open: (): LossFunction<never> => ({
    activation: 'softmax',
    inputs: {},
    losses: (logits, targets) => tf.softmax(logits).sub(targets).square().sum(1),
  }),
} as const satisfies LossRow;
