import { crossEntropies } from '../fused-kernels.ts';
import type { LossFunction, LossRow } from './loss-function.ts';

/** −Σ_c t_c ln f_c, with target t and the model's probabilities f. */
export const crossEntropyLoss = {
  name: 'crossEntropy',
  open: (): LossFunction<never> => ({
    activation: 'softmax',
    inputs: {},
    losses: crossEntropies,
  }),
} as const satisfies LossRow;
