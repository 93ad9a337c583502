import { z } from 'zod';
import { sha256 } from '../digest.ts';
import { changed } from '../store/damage.ts';
import { readBytes, readJson } from '../store/once.ts';
import { openStore } from '../store/open.ts';
import { parseUnsealed } from '../store/seal.ts';
import type { ObjectStore } from '../store/store.ts';
import type { Context } from './context.ts';
import { type JobEvent, type ShardItem, shardItem } from './events.ts';
import { keys } from './keys.ts';
import { damagedPlanning } from './objects-file.ts';
import { type Plan, planSchema } from './plan-file.ts';
import { watchCommits } from './stalled-call.ts';

/** Planned run with its stores open, which every stage after Plan starts from. */
export interface Job {
  readonly run: string;
  readonly plan: Plan;
  readonly data: ObjectStore;
  readonly results: ObjectStore;
}

/** @param context Receives each commit to the results. Default: commits are not counted. */
export async function openJob(
  event: JobEvent,
  { onCommit }: Pick<Context, 'onCommit'> = {},
): Promise<Job> {
  const data = await openStore(event.dataset);
  const opened = await openStore(event.results, 'time');
  const results = onCommit ? watchCommits(opened, onCommit) : opened;
  const plan = await readJson(results, keys.plan(event.run), planSchema);
  return { run: event.run, plan, data, results };
}

/**
 * Lists the shards of some sets, or of all, in the order of the plan. An item has 130 bytes.
 *
 * @throws UserError if the list was changed since it was planned.
 */
export async function shardItems(
  job: Job,
  ...sets: readonly ShardItem['set'][]
): Promise<ShardItem[]> {
  const key = keys.shards(job.run);
  const bytes = await readPlanned(job, key, job.plan.shardsDigest);
  const items = z.array(shardItem).parse(parseUnsealed(bytes, key));
  return sets.length === 0 ? items : items.filter(({ set }) => sets.includes(set));
}

/**
 * Checks the lists of shards that the Maps of the workflow read.
 *
 * @throws UserError if one was changed since it was planned.
 */
export async function checkManifests(
  planned: Pick<Job, 'results' | 'run'>,
  { shardsDigest, unlabeledDigest }: Pick<Plan, 'shardsDigest' | 'unlabeledDigest'>,
): Promise<void> {
  await readPlanned(planned, keys.shards(planned.run), shardsDigest);
  await readPlanned(planned, keys.unlabeled(planned.run), unlabeledDigest);
}

async function readPlanned(
  planned: Pick<Job, 'results' | 'run'>,
  key: string,
  digest: string,
): Promise<Uint8Array> {
  const bytes = await readBytes(planned.results, key);
  if (sha256(bytes) === digest) return bytes;
  throw damagedPlanning(planned, key, changed);
}
