import { z } from 'zod';
import { choiceSchema } from '../src/debias/auto.ts';
import { relabelRoundsSchema } from '../src/debias/relabel.ts';

/** What came of one draw of labels: `evidence/rows/<problem>-<labels>-<seed>.json`. */
export const rowSchema = z.strictObject({
  problem: z.string(),
  labels: z.int(),
  seed: z.int(),
  testExamples: z.int(),
  /** Share of the test set that is right, by `<arm>/<model>`; the models are `teacher` and the students. */
  accuracy: z.record(z.string(), z.number().min(0).max(1)),
  logLoss: z.record(z.string(), z.number()),
  /** The rounds of the method `relabel`, with what their guard saw. */
  relabel: relabelRoundsSchema,
  /** What the method `auto` would have taken, with cross-fitted teachers. */
  auto: choiceSchema,
  /** What the row took. */
  seconds: z.number(),
});
export type Row = z.infer<typeof rowSchema>;
