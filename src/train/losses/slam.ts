import { probabilityFloor } from '../../debias/cross-entropy.ts';
import { type Mixing, topMask } from '../../debias/slam.ts';
import { tf } from '../../tensorflow.ts';
import type { LossFunction, LossRow } from './loss-function.ts';

/**
 * −Σ_c t_c ln mix(f)_c, with target t and the model's probabilities f; see `debias/slam.ts`.
 *
 * Inputs: α of each example, [n, 1], and the mask of the teacher's top classes, [n, classes].
 */
export const slamLoss = {
  name: 'slam',
  open: ({ mixing }: { readonly mixing: Mixing }): LossFunction<'alphas' | 'masks'> => ({
    activation: 'softmax',
    inputs: {
      alphas: {
        shape: (size) => [size, 1],
        values: ({ teacherMargins }) => teacherMargins.map(mixing.alpha),
      },
      masks: {
        shape: (size, classes) => [size, classes],
        values: ({ size, targets }) => topMask(targets, targets.length / size, mixing.topK),
      },
    },
    losses(logits, targets, { alphas, masks }) {
      const student = tf.softmax(logits);
      /** (1 − α) for a class that is mixed, else 0. */
      const shares = tf.scalar(1).sub(alphas).mul(masks);
      const mixture = student.mul(alphas).add(tf.scalar(1).sub(student).mul(shares));
      // If nothing is mixed in, the mixture can round to 0; the sum of logarithms cannot.
      const logMixture = tf.where(
        shares.greater(0),
        mixture.maximum(probabilityFloor).log(),
        tf.logSoftmax(logits).add(alphas.log()),
      );
      return logMixture.mul(targets).sum(1).neg();
    },
  }),
} as const satisfies LossRow;
