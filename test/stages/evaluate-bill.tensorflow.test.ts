/** The bill in a run's metrics and report. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { recordUsage } from '../../src/cost/usage.ts';
import { allBaselines } from '../../src/distill/baselines/index.ts';
import { runMetricsSchema } from '../../src/evaluate/run-metrics.ts';
import { keys } from '../../src/run/keys.ts';
import { readManifest } from '../../src/run/objects-file.ts';
import { planSchema } from '../../src/run/plan-file.ts';
import { type StageName, stages } from '../../src/stages/index.ts';
import { startRun } from '../../src/stages/start.ts';
import { readJson } from '../../src/store/once.ts';
import { openStore } from '../../src/store/open.ts';
import { makeDataset } from '../support/datasets.ts';

const context = { signal: new AbortController().signal, report: () => {} };

async function call(task: StageName, event: object): Promise<void> {
  const handler = await stages[task].load();
  await handler(event, context);
}

test('what tasks recorded is in the metrics and in the report; without records nothing is', async () => {
  const { dataset, results } = makeDataset('csv', { compare: '[]' });
  const started = await startRun(dataset, results);
  const { run } = started;
  const event = { ...started, execution: run };
  const store = await openStore(results);
  const items = (key: string) => readManifest(store, key);
  await call('Plan', event);
  await call('TrainTeacher', event);
  await call('Calibrate', event);
  for (const shard of await items(keys.shards(run))) await call('Label', { ...event, shard });
  await call('Reconcile', event);
  await call('WarmUp', event);
  for (const shard of await items(keys.unlabeled(run))) await call('Weigh', { ...event, shard });
  for (const variant of ['weighted', ...allBaselines.map(({ name }) => name)]) {
    await call('Train', { ...event, variant });
  }

  const evaluated = async () => {
    await call('Evaluate', event);
    const metrics = await readJson(store, keys.metrics(run), runMetricsSchema);
    return { metrics, report: readFileSync(join(results, keys.report(run)), 'utf8') };
  };
  const free = await evaluated();
  expect(free.metrics).not.toHaveProperty('bill');
  expect(free.report).not.toContain('<h2>Cost</h2>');

  for (const key of [keys.metrics(run), keys.report(run), keys.documents(run)]) {
    rmSync(join(results, key));
  }
  for (const ms of [4000, 6000]) {
    await recordUsage(results, run, { task: 'Label', resource: 'lambda-3008', ms, id: `${ms}` });
  }
  const { metrics, report } = await evaluated();
  const { bill, ...rest } = metrics;
  expect(rest).toEqual(free.metrics);
  const { estimate } = await readJson(store, keys.plan(run), planSchema);
  expect(bill!.estimatedUsd).toBe(estimate.bill.totalUsd);
  const label = bill!.lines.find(({ what }) => what === 'Label');
  expect(label).toMatchObject({ unit: 'GB-s', quantity: (10 * 3008) / 1024 });
  expect(report).toContain('<h2>Cost</h2>');
});
