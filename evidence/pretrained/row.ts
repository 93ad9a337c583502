import { z } from 'zod';

/**
 * Results of one draw of labels: `evidence/pretrained/rows/<problem>-<labels>-<seed>.json`. The
 * models are named `<teacher>/teacher`, `<teacher>/<student>/<training>`, `labels/<model>` (of the
 * labels alone) and `clean/<student>` (of the true labels of all examples).
 */
export const pretrainedRowSchema = z.strictObject({
  problem: z.string(),
  labels: z.int(),
  seed: z.int(),
  testExamples: z.int(),
  /** Accuracy on the test set, by model. */
  accuracy: z.record(z.string(), z.number().min(0).max(1)),
  logLoss: z.record(z.string(), z.number()),
  /** Duration of the row's runs. */
  seconds: z.number(),
});
export type PretrainedRow = z.infer<typeof pretrainedRowSchema>;
