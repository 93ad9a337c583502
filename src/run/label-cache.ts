import { readAhead } from '../data/ahead.ts';
import type { ObjectStore } from '../store/store.ts';
import { keys } from './keys.ts';
import type { Plan } from './plan-file.ts';

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
  teacher: Pick<Plan['teacher'], 'digest' | 'labels'>,
  shardIds: Iterable<string>,
): Promise<number> {
  const has = async (digest: string, id: string) =>
    (await results.head(keys.labels(digest, id))) !== undefined;
  // Answers of an earlier run may lack this run's calibration, which costs nothing.
  const isLabeled = async (id: string) =>
    (await has(teacher.labels, id)) ||
    (teacher.labels !== teacher.digest && (await has(teacher.digest, id)));
  let labeled = 0;
  for await (const found of readAhead(shardIds, concurrency, isLabeled)) if (found) labeled++;
  return labeled;
}
