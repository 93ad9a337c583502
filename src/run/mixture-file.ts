import { z } from 'zod';

const results = z.strictObject({
  /** Mean log-loss. */
  logLoss: z.number(),
  /** Number of right predictions. */
  right: z.int().nonnegative(),
});
const weights = z.array(z.number().nonnegative());

/**
 * `teachers/<digest>/mixture.json`: the weights of several teachers, and their results on labels
 * that they have not learned (`debias/mixture.ts`). Lists are in the order of `members`.
 */
export const mixtureFileSchema = z.strictObject({
  /** Digests of the teachers, sorted, so that their order in the config does not matter. */
  members: z.array(z.string()).min(2),
  whole: weights,
  /** [folds][members] */
  folds: z.array(weights),
  isMixed: z.boolean(),
  /** Number of labels. */
  examples: z.int().nonnegative(),
  models: z.array(results),
  mixture: results,
});
export type MixtureFile = z.infer<typeof mixtureFileSchema>;
