import { z } from 'zod';
import { choiceSchema } from '../src/debias/auto.ts';
import { relabelRoundsSchema } from '../src/debias/relabel.ts';

/** Results of one draw of labels: `evidence/rows/<problem>-<labels>-<seed>.json`. */
export const rowSchema = z.strictObject({
  problem: z.string(),
  labels: z.int(),
  seed: z.int(),
  testExamples: z.int(),
  /** Accuracy on the test set, by `<arm>/<model>`; the models are `teacher` and the students. */
  accuracy: z.record(z.string(), z.number().min(0).max(1)),
  logLoss: z.record(z.string(), z.number()),
  /** The rounds of the method `relabel`, with the comparisons of its guard. */
  relabel: relabelRoundsSchema,
  /** The choice of the method `auto`, with cross-fitted teachers. */
  auto: choiceSchema,
  /** Duration of the row's runs. */
  seconds: z.number(),
});
export type Row = z.infer<typeof rowSchema>;
