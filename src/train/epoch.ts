import { z } from 'zod';

/** The record of one epoch, in `history.json` and `metrics.json`. */
export const epochSchema = z.strictObject({
  epoch: z.int(),
  /** Mean loss over the examples, while the student changed; weighted if the student is. */
  loss: z.number(),
  /** Mean loss weight of the unlabeled examples. Absent if there were none. */
  meanWeight: z.number().optional(),
  /**
   * Share of the unlabeled examples on which the student, while it changed, predicted the class of
   * their label. Absent if there were none.
   */
  agreement: z.number().optional(),
});

const { meanWeight, agreement } = epochSchema.shape;

/** The same record in a checkpoint, which has null for absent fields, and the time. */
export const timedEpochSchema = epochSchema.extend({
  meanWeight: meanWeight.unwrap().nullable(),
  agreement: agreement.unwrap().nullable(),
  /** Duration of the epoch in seconds, summed over all resumptions. */
  seconds: z.number(),
});
export type EpochRecord = z.infer<typeof timedEpochSchema>;
