import { z } from 'zod';
import { sum } from '../arrays.ts';
import type { Bill, TaskUse } from '../run/bill-file.ts';
import { estimateSchema, type RunEstimate } from '../run/estimate-file.ts';
import { keys } from '../run/keys.ts';
import { stages } from '../stages/index.ts';
import { readJson } from '../store/once.ts';
import type { ObjectStore } from '../store/store.ts';
import { billOf, type RunCounts } from './bill.ts';
import { localResource, readUsages, type UsageSum } from './usage.ts';

/** Parts of `plan.json` that a measured bill needs. */
const planned = z.looseObject({
  estimate: estimateSchema,
  variants: z.array(z.unknown()),
  /** Plans of older versions have none. */
  baselines: z.array(z.unknown()).default([]),
  sets: z.record(z.string(), z.looseObject({ shards: z.int() })),
});
type Planned = z.infer<typeof planned>;

/**
 * Computes the cost of a run so far: the recorded time of its tasks, at the prices of the estimate.
 * Requests and storage are not recorded: those of the estimate are used, in proportion to the
 * calls.
 *
 * @returns A bill without lines if nothing was recorded: on one machine, or before the first task
 *   ended.
 */
export async function measuredBill(results: ObjectStore, run: string): Promise<Bill> {
  const all = await readUsages(results, run);
  const usages = all.filter(({ resource }) => resource !== localResource);
  const plan = (await results.head(keys.plan(run)))
    ? await readJson(results, keys.plan(run), planned)
    : undefined;
  return billOf(
    usages.map((usage) => withRequests(usage, usages, plan?.estimate)),
    countsOf(usages, plan),
  );
}

/** Adds the requests: half of the expected calls have made half of the expected requests. */
function withRequests(
  usage: UsageSum,
  all: readonly UsageSum[],
  estimate: RunEstimate | undefined,
): TaskUse {
  // A task has one estimate per resource.
  const expected = estimate?.tasks.filter(({ task }) => task === usage.task) ?? [];
  if (expected.length === 0) return { ...usage, gets: 0, puts: 0 };
  const total = (field: 'calls' | 'gets' | 'puts') => sum(expected.map((one) => one[field]));
  const calls = callsOf(all, usage.task);
  const share = (usage.calls / calls) * Math.min(1, calls / total('calls'));
  return { ...usage, gets: share * total('gets'), puts: share * total('puts') };
}

function callsOf(usages: readonly UsageSum[], wanted: string): number {
  return sum(usages.filter(({ task }) => task === wanted).map(({ calls }) => calls));
}

function countsOf(usages: readonly UsageSum[], plan: Planned | undefined): RunCounts {
  if (!plan) return { shards: 0, unlabeledShards: 0, variants: 0, storedBytes: 0 };
  const shards = sum(Object.values(plan.sets).map((set) => set.shards));
  return {
    shards,
    unlabeledShards: plan.sets.unlabeled?.shards ?? 0,
    variants: plan.variants.length + plan.baselines.length,
    // Labels are most of it.
    storedBytes:
      plan.estimate.storedBytes * Math.min(1, callsOf(usages, stages.Label.name) / shards),
  };
}
