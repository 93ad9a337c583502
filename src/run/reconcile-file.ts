import { z } from 'zod';
import { setNames } from '../data/shard.ts';

const countSchema = z.strictObject({ labeled: z.int(), quarantined: z.int() });

/** `runs/<run>/reconcile.json`: how many examples each set has, and what was left out. */
export const reconcileSchema = z.strictObject({
  sets: z.strictObject({
    labeled: countSchema,
    validation: countSchema,
    test: countSchema,
    unlabeled: countSchema,
  }),
  /** How many labeled examples each shard has, in the order of `shards.json`. */
  shards: z.array(z.int()),
  /** Whether the labels that tell where the teacher errs are enough for that, and why. */
  validation: z.strictObject({ isEnough: z.boolean(), description: z.string() }),
  /** The first quarantined examples of each set; all are in `runs/<run>/quarantine/`. */
  quarantined: z.array(
    z.strictObject({
      set: z.enum(setNames),
      shard: z.string(),
      id: z.string(),
      reason: z.string(),
    }),
  ),
});
export type Reconciliation = z.infer<typeof reconcileSchema>;
