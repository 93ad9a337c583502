/** Damage to the files of Plan: each is noticed, and the commands of the message mend it. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openJob, shardItems } from '../../src/run/job.ts';
import { keys } from '../../src/run/keys.ts';
import { readShard } from '../../src/run/objects-file.ts';
import { planRun } from '../../src/stages/plan.ts';
import { plannedRun } from '../support/planned-run.ts';
import { refusalOf } from '../support/refusal.ts';

type Planned = Awaited<ReturnType<typeof plannedRun>>;

/** Uses the plan as the stages after it do. */
async function use({ event }: Planned): Promise<void> {
  const job = await openJob(event);
  for (const item of await shardItems(job)) await readShard(job, item);
}

const damages: [string, (planned: Planned) => Promise<string>, RegExp, string][] = [
  ['plan.json', async ({ job }) => keys.plan(job.run), /"seed": 1/, '"seed": 2'],
  ['shards.json', async ({ job }) => keys.shards(job.run), /"set":"test"/, '"set":"labeled"'],
  [
    'the objects of the shards',
    async ({ job }) => keys.objects(job.run, (await shardItems(job))[0]!.objects),
    /"bytes":\d/,
    '"bytes":9',
  ],
];

test.each(damages)(
  '%s is refused after a change, and written again',
  async (_, keyOf, from, to) => {
    const planned = await plannedRun();
    const { results } = planned.job;
    const path = join(results.location, await keyOf(planned));
    const original = readFileSync(path, 'utf8');
    const changed = original.replace(from, to);
    expect(changed).not.toBe(original);
    writeFileSync(path, changed);
    const error = await refusalOf(use(planned));
    const removed = [...error.hint!.matchAll(/rm -f '([^']+)'/g)].map(([, one]) => one!);
    expect(removed).toContain(path);
    for (const one of removed) rmSync(one);
    await planRun(planned.event, planned.context);
    await use(planned);
    expect(readFileSync(path, 'utf8')).toBe(original);
  },
);
