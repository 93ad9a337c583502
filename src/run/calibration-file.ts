import { z } from 'zod';

const calibrationSchema = z.strictObject({
  scale: z.number().positive(),
  bias: z.array(z.number()),
});
const count = z.int().nonnegative();

/**
 * `teachers/<digest>/calibration-<labels digest>.json`: how the teacher's probabilities are
 * calibrated, and the gain on labels that were not used for it (`debias/cross-fit-calibration.ts`).
 */
export const calibrationFileSchema = z.strictObject({
  whole: calibrationSchema,
  folds: z.array(calibrationSchema),
  /** Absent if the probabilities are kept as they are; null if only the scale is fitted. */
  penalty: z.number().positive().nullable().optional(),
  examples: count,
  /** Mean log-loss out of fold. */
  logLoss: z.strictObject({ before: z.number(), after: z.number() }),
  /** Number of right predictions out of fold. */
  right: z.strictObject({ before: count, after: count }),
});
export type CalibrationFile = z.infer<typeof calibrationFileSchema>;
