import { probabilityFloor } from '../../debias/cross-entropy.ts';
import { predictions } from '../../debias/margin.ts';
import { tf } from '../../tensorflow.ts';
import { crossEntropies } from '../fused-kernels.ts';
import type { LossFunction, LossRow } from './loss-function.ts';

/** The parameters of the loss `mcmi`. */
export interface McmiParameters {
  /** Q: [classes, classes], row-major. */
  readonly classMeans: Float32Array;
  /** λ. */
  readonly strength: number;
}

/**
 * −Σ_c t_c ln f_c − λ Σ_c f_c ln(f_c / Q_yc), with the model's probabilities f and a one-hot target
 * t of the class y; see `debias/mcmi.ts`.
 *
 * Input: ln Q_y of each example's class, [n, classes].
 */
export const mcmiLoss = {
  name: 'mcmi',
  open: ({ classMeans, strength }: McmiParameters): LossFunction<'logMeans'> => ({
    activation: 'softmax',
    inputs: {
      logMeans: {
        shape: (size, classes) => [size, classes],
        values: ({ size, targets }) => logMeansOf(targets, targets.length / size, classMeans),
      },
    },
    losses(logits, targets, { logMeans }) {
      const divergences = tf.logSoftmax(logits).sub(logMeans).mul(tf.softmax(logits)).sum(1);
      return crossEntropies(logits, targets).sub(divergences.mul(strength));
    },
  }),
} as const satisfies LossRow;

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
