import { z } from 'zod';
import { readAhead } from '../data/ahead.ts';
import { readLabelsSummary } from '../data/labels-file.ts';
import { setNames } from '../data/shard.ts';
import { UserError } from '../errors.ts';
import { readJson, writeJsonOnce } from '../store/once.ts';
import type { Context } from './context.ts';
import type { JobEvent, ShardItem } from './events.ts';
import { type Job, openJob, shardItems } from './job.ts';
import { keys } from './keys.ts';

const countSchema = z.strictObject({ labeled: z.int(), quarantined: z.int() });

/** `runs/<run>/reconcile.json`: how many examples each set has, and what was left out. */
export const reconcileSchema = z.strictObject({
  sets: z.strictObject({
    labeled: countSchema,
    validation: countSchema,
    test: countSchema,
    unlabeled: countSchema,
  }),
  /** How many labeled examples each shard has, in the order of `shards.json`. */
  shards: z.array(z.int()),
  /** The first quarantined examples of each set; all are in `runs/<run>/quarantine/`. */
  quarantined: z.array(
    z.strictObject({
      set: z.enum(setNames),
      shard: z.string(),
      id: z.string(),
      reason: z.string(),
    }),
  ),
});
export type Reconciliation = z.infer<typeof reconcileSchema>;

/** Of each set. */
const maxListed = 10;
/** Footers read at once. */
const concurrency = 16;

/**
 * Reconcile: every planned shard is labeled, and few enough examples were quarantined; else the run
 * fails here, before it trains on half of the data.
 */
export async function reconcile(
  event: JobEvent,
  context: Context,
): Promise<Reconciliation['sets']> {
  const job = await openJob(event);
  const key = keys.reconcile(job.run);
  if (!(await job.results.head(key))) {
    const reconciliation = await count(job, context);
    requireFew(job, reconciliation);
    await writeJsonOnce(job.results, key, reconciliation);
  }
  return (await readJson(job.results, key, reconcileSchema)).sets;
}

async function count(job: Job, context: Context): Promise<Reconciliation> {
  const items = await shardItems(job);
  const shards: number[] = [];
  const sets = Object.fromEntries(
    setNames.map((set) => [set, { labeled: 0, quarantined: 0 }]),
  ) as Reconciliation['sets']; // fromEntries forgets that every set is there
  const quarantined: Reconciliation['quarantined'] = [];
  for await (const summary of readAhead(items, concurrency, (item) => summaryOf(job, item))) {
    context.signal.throwIfAborted();
    const { id, set } = items[shards.length]!;
    shards.push(summary.labeled);
    sets[set].labeled += summary.labeled;
    sets[set].quarantined += summary.quarantined.length;
    const room = maxListed - quarantined.filter((listed) => listed.set === set).length;
    const listed = summary.quarantined.slice(0, room);
    quarantined.push(...listed.map((rejected) => ({ set, shard: id, ...rejected })));
    if (shards.length % concurrency === 0 || shards.length === items.length) {
      const [done, total] = [shards.length, items.length];
      context.report({ stage: 'Reconcile', done, total, unit: 'shards' });
    }
  }
  return { sets, shards, quarantined };
}

async function summaryOf(job: Job, item: ShardItem) {
  const key = keys.labels(job.plan.teacher.digest, item.id);
  if (await job.results.head(key)) return readLabelsSummary(job.results, key);
  throw new UserError(
    `shard ${item.id} of the ${item.set} set has no labels`,
    'Run the same command again: only what is missing is labeled.',
  );
}

function requireFew(job: Job, { sets, quarantined }: Reconciliation): void {
  const limit = job.plan.config.limits.quarantine;
  for (const set of setNames) {
    const all = sets[set].labeled + sets[set].quarantined;
    if (sets[set].quarantined <= limit * all) continue;
    const reasons = quarantined
      .filter((listed) => listed.set === set)
      .slice(0, 5)
      .map(({ id, reason }) => `  ${id}: ${reason}`)
      .join('\n');
    throw new UserError(
      `${sets[set].quarantined} of ${all} examples of the ${set} set cannot be used, more than ` +
        `the limit of ${limit * 100}%. The first of them:\n${reasons}`,
      'Mend or remove them, or raise limits.quarantine in distill.yaml.',
    );
  }
  for (const set of ['labeled', job.plan.validatedOn, 'unlabeled'] as const) {
    if (sets[set].labeled > 0) continue;
    throw new UserError(`the ${set} set has no usable example`, `Look at the files in ${set}/.`);
  }
}
