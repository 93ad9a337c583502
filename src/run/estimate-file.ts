import { z } from 'zod';
import { setNames } from '../data/shard.ts';
import { billSchema, taskUseSchema } from './bill-file.ts';

export const setSizeSchema = z.strictObject({
  shards: z.int(),
  /** Objects, and parts of objects, that a reader opens. */
  pieces: z.int(),
  bytes: z.int(),
  examples: z.int(),
  /** Whether `examples` is a count. Else it follows from the bytes, or from a hash's share. */
  counted: z.boolean(),
});
export type SetSize = z.infer<typeof setSizeSchema>;

export const taskEstimateSchema = taskUseSchema.extend({
  /** From the start of the first call to the end of the last. */
  wallSeconds: z.number().nonnegative(),
});
export type TaskEstimate = z.infer<typeof taskEstimateSchema>;

export const estimateSchema = z.strictObject({
  sets: z.record(z.enum(setNames), setSizeSchema),
  tasks: z.array(taskEstimateSchema),
  /** What the run keeps in the results. */
  storedBytes: z.number().nonnegative(),
  bill: billSchema,
  /** What would not work on AWS as it is planned. */
  warnings: z.array(z.string()),
});
export type Estimate = z.infer<typeof estimateSchema>;
