import { z } from 'zod';
import { setNames } from '../data/shard.ts';

/** What every task of the workflow gets: which run, and where its data and results are. */
export const jobEvent = z.object({
  run: z.string(),
  /** A folder or s3://bucket/prefix, as `openStore` takes it. */
  dataset: z.string(),
  results: z.string(),
  /** The execution's ARN on AWS, so that a long task sees when it was aborted; else the run's name. */
  execution: z.string(),
});
export type JobEvent = z.infer<typeof jobEvent>;

/** A shard in a manifest, and where its objects are listed: see `objects-file.ts`. */
export const shardItem = z.object({
  id: z.string(),
  set: z.enum(setNames),
  /** The digest of the file. */
  objects: z.string(),
  /** The bytes of the line in it. */
  start: z.number().int(),
  end: z.number().int(),
});
export type ShardItem = z.infer<typeof shardItem>;

export const shardEvent = jobEvent.extend({ shard: shardItem });
export type ShardEvent = z.infer<typeof shardEvent>;

export const variantEvent = jobEvent.extend({ variant: z.string() });
export type VariantEvent = z.infer<typeof variantEvent>;

/** What Catch adds: the error's name, and its message (on AWS: JSON that holds the message). */
export const failureEvent = jobEvent.extend({
  error: z.object({ Error: z.string(), Cause: z.unknown() }),
});
export type FailureEvent = z.infer<typeof failureEvent>;
