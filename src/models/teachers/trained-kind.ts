import { z } from 'zod';
import { networkSchema } from '../networks/index.ts';
import type { TeacherKind } from './teacher-kind.ts';

/** Losses that need one class per example: a mixed example has two. */
export const lossesWithoutMixup: readonly string[] = ['mcmi'];

/** A teacher that Train teacher trains on the labeled set, and `openTrained` opens. */
export const trainedKind = {
  name: 'train',
  fields: {
    train: networkSchema.optional().describe('Train a teacher on the labeled set.'),
    loss: z
      .enum(['crossEntropy', 'mse', 'mcmi'])
      .default('crossEntropy')
      .describe(
        'Loss of a teacher that we train. mse: better estimates of the class probabilities; mcmi: outputs that differ more within a class. Both are for students with soft labels (docs/methods.md).',
      ),
    mcmi: z
      .strictObject({
        epochs: z.int().min(1).default(20).describe('Further epochs, after those of train.'),
        strength: z
          .number()
          .positive()
          .default(0.15)
          .describe('Weight of the diversity term relative to cross-entropy.'),
      })
      .prefault({}),
  },
  supplied: false,
  isModel: true,
} as const satisfies TeacherKind;
