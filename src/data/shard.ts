import { z } from 'zod';
import type { ObjectInfo } from '../store/store.ts';

/** The four sets of a dataset; each is a folder of that name. */
export const setNames = ['labeled', 'validation', 'test', 'unlabeled'] as const;
export type SetName = (typeof setNames)[number];

/** Returns whether the examples of a set must have labels. In unlabeled data they are ignored. */
export function isLabeled(set: SetName): boolean {
  return set !== 'unlabeled';
}

/**
 * One object of a shard, pinned to a version, or a part of it. A part of a Parquet file is a range
 * of rows, cut at row groups. A part of a CSV file is a range of bytes after the header, cut at
 * records; `rows` are these records, from 0. JSON Lines are cut likewise, and in gzip and UTF-16 by
 * the numbers of lines alone. `bytes` is the size of the whole object.
 * `usualBytes` is the usual size of the tar archives near this one, if this one is smaller.
 * `name` is the object's name in ids, if it is not the key below the folder of its set.
 */
export const pieceSchema = z.strictObject({
  key: z.string(),
  version: z.string(),
  bytes: z.number().int().nonnegative(),
  rows: z.strictObject({ start: z.number().int(), end: z.number().int() }).optional(),
  range: z.strictObject({ start: z.number().int(), end: z.number().int() }).optional(),
  usualBytes: z.number().int().positive().optional(),
  name: z.string().optional(),
});
export type Piece = z.infer<typeof pieceSchema>;

/** Returns an object as one piece, pinned to the version that was listed. */
export function wholePiece({ key, version, bytes }: ObjectInfo): Piece {
  return { key, version, bytes };
}

/**
 * The unit of work of labeling and weighing: some thousands of examples of one set.
 * `id` is a digest of everything that determines its examples, so equal ids mean equal examples.
 */
export const shardSchema = z.strictObject({
  id: z.string(),
  set: z.enum(setNames),
  pieces: z.array(pieceSchema).min(1),
  /**
   * Present if the validation set is split off the labeled set. The shard then has only the
   * examples whose hash lies in [from, to).
   */
  part: z.strictObject({ seed: z.number().int(), from: z.number(), to: z.number() }).optional(),
});
export type Shard = z.infer<typeof shardSchema>;
