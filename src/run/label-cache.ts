import { readAhead } from '../data/ahead.ts';
import type { ObjectStore } from '../store/store.ts';
import { keys } from './keys.ts';

/** Requests at once. */
const concurrency = 16;

/**
 * How many of these shards have labels of this teacher already, of this run or of earlier ones. Asks
 * for each: a listing would go through what the teacher has ever labeled.
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
