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
  return countFound(shardIds, isLabeled);
}

/** Counts the shards that have embeddings of all encoders, from this run or from earlier ones. */
export async function countEmbedded(
  results: ObjectStore,
  encoders: Plan['encoders'],
  shardIds: Iterable<string>,
): Promise<number> {
  if (encoders.length === 0) return 0;
  return countFound(shardIds, async (id) => {
    for (const { digest } of encoders) {
      if (!(await results.head(keys.embeddings(digest, id)))) return false;
    }
    return true;
  });
}

async function countFound(
  shardIds: Iterable<string>,
  isFound: (id: string) => Promise<boolean>,
): Promise<number> {
  let count = 0;
  for await (const found of readAhead(shardIds, concurrency, isFound)) if (found) count++;
  return count;
}
