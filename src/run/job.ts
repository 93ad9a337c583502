import { z } from 'zod';
import { readJson } from '../store/once.ts';
import { openStore } from '../store/open.ts';
import type { ObjectStore } from '../store/store.ts';
import { type JobEvent, type ShardItem, shardItem } from './events.ts';
import { keys } from './keys.ts';
import { type Plan, planSchema } from './plan-file.ts';

/** A planned run, opened: what every stage after Plan starts from. */
export interface Job {
  readonly run: string;
  readonly plan: Plan;
  readonly data: ObjectStore;
  readonly results: ObjectStore;
}

export async function openJob(event: JobEvent): Promise<Job> {
  const data = await openStore(event.dataset);
  const results = await openStore(event.results);
  const plan = await readJson(results, keys.plan(event.run), planSchema);
  return { run: event.run, plan, data, results };
}

/** The shards of one set, or of all, in the order of the plan: items only, a hundred bytes each. */
export async function shardItems(job: Job, set?: ShardItem['set']): Promise<ShardItem[]> {
  const items = await readJson(job.results, keys.shards(job.run), z.array(shardItem));
  return set === undefined ? items : items.filter((item) => item.set === set);
}
