import { z } from 'zod';

/** Figures of a student on labels that it does not learn. */
const heldOutSchema = z.strictObject({
  /** In a multi-label task, the share of right decisions. */
  accuracy: z.number(),
  /** Mean over the decisions. */
  logLoss: z.number(),
});
export type HeldOutFigures = z.infer<typeof heldOutSchema>;

/** File of the records beside a trained model. */
export const historyFile = 'history.json';

/** The record of one epoch, in `history.json` and `metrics.json`. */
export const epochSchema = z.strictObject({
  /** Index of the epoch; the first is 0. */
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
  /** The student at the end of the epoch on a sample of the test set. Absent without a test set. */
  heldOut: heldOutSchema.optional(),
});

const { meanWeight, agreement, heldOut } = epochSchema.shape;

/** The same record in a checkpoint, which has null for absent fields, and the time. */
export const timedEpochSchema = epochSchema.extend({
  meanWeight: meanWeight.unwrap().nullable(),
  agreement: agreement.unwrap().nullable(),
  heldOut: heldOut.unwrap().nullable(),
  /** Duration of the epoch in seconds, summed over all resumptions. */
  seconds: z.number(),
});
export type EpochRecord = z.infer<typeof timedEpochSchema>;
