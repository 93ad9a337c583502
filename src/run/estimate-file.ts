import { z } from 'zod';
import { setNames } from '../data/shard.ts';
import { billSchema, taskUseSchema } from './bill-file.ts';

export const setSizeSchema = z.strictObject({
  shards: z.int(),
  /** Number of objects, and parts of objects, that a reader opens. */
  pieces: z.int(),
  bytes: z.int(),
  examples: z.int(),
  /**
   * True if `examples` was counted. Otherwise it is estimated, from the bytes or from the share of
   * a hash split.
   */
  counted: z.boolean(),
});
export type SetSize = z.infer<typeof setSizeSchema>;

export const taskEstimateSchema = taskUseSchema.extend({
  /** Time from the start of the first call to the end of the last. */
  wallSeconds: z.number().nonnegative(),
});
export type TaskEstimate = z.infer<typeof taskEstimateSchema>;

export const estimateSchema = z.strictObject({
  sets: z.record(z.enum(setNames), setSizeSchema),
  tasks: z.array(taskEstimateSchema),
  /** Bytes that the run keeps in the results. */
  storedBytes: z.number().nonnegative(),
  bill: billSchema,
  /** Limits of AWS that the plan would exceed. */
  warnings: z.array(z.string()),
});
export type RunEstimate = z.infer<typeof estimateSchema>;
