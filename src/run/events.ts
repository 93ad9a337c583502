import { z } from 'zod';
import { setNames } from '../data/shard.ts';

/** Input of every task of the workflow: the run, and where its data and results are. */
export const jobEvent = z.object({
  run: z.string(),
  /** Folder or s3://bucket/prefix, as `openStore` takes it. */
  dataset: z.string(),
  results: z.string(),
  /**
   * ARN of the execution on AWS, so that a long task sees if it was aborted. Elsewhere, the run's
   * name.
   */
  execution: z.string(),
  /** Last result of the run: `labels` ends it after Reconcile. Default: all, also students. */
  until: z.literal('labels').optional(),
});
export type JobEvent = z.infer<typeof jobEvent>;

/** Shard in a manifest, and where its objects are listed: see `objects-file.ts`. */
export const shardItem = z.object({
  id: z.string(),
  set: z.enum(setNames),
  /** Digest of the objects file. */
  objects: z.string(),
  /** Bytes of the shard's line in that file. */
  start: z.number().int(),
  end: z.number().int(),
  /** Digest of the line. */
  sha256: z.string(),
});
export type ShardItem = z.infer<typeof shardItem>;

export const shardEvent = jobEvent.extend({ shard: shardItem });
export type ShardEvent = z.infer<typeof shardEvent>;

export const variantEvent = jobEvent.extend({ variant: z.string() });
export type VariantEvent = z.infer<typeof variantEvent>;
