import { readAhead } from '../data/ahead.ts';
import type { ObjectStore } from '../store/store.ts';
import { keys } from './keys.ts';

/** Requests in flight. */
const concurrency = 16;

/**
 * Counts the shards that have labels of this teacher, from this run or from earlier ones.
 *
 * Requests the head of each file, because a listing would include every shard that the teacher ever
 * labeled.
 */
export async function countLabeled(
  results: ObjectStore,
  teacherDigest: string,
  shardIds: Iterable<string>,
): Promise<number> {
  const isLabeled = async (id: string) =>
    (await results.head(keys.labels(teacherDigest, id))) !== undefined;
  let labeled = 0;
  for await (const found of readAhead(shardIds, concurrency, isLabeled)) if (found) labeled++;
  return labeled;
}
