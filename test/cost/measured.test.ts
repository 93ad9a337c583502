import { describe, expect, test } from 'vitest';
import { estimate } from '../../src/cost/estimate.ts';
import { measuredBill } from '../../src/cost/measured.ts';
import { usageKey } from '../../src/cost/usage.ts';
import type { Bill } from '../../src/run/bill-file.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { putJson } from '../support/put.ts';
import { runWork } from './run-work.ts';

const work = runWork({
  unlabeled: 400_000,
  labeled: 2_000,
  test: 2_000,
  exampleBytes: 2_500,
  classes: 10,
  format: 'webdataset',
  teacherMb: 8,
  trainer: 'function',
  shardMiB: 64,
  variants: 2,
  features: { kind: 'image', height: 32, width: 32, channels: 3, mean: [0, 0, 0], std: [1, 1, 1] },
  student: { architecture: 'convnet', epochs: 10 },
});
const expected = estimate(work);

/** A run that has done the tasks named, exactly as it was estimated. */
async function runThatDid(tasks: readonly string[], plan = true): Promise<MemoryStore> {
  const store = new MemoryStore();
  if (plan) {
    const variants = ['weighted', 'uniform'];
    const baselines = ['logistic', 'labels-only'];
    const made = { estimate: expected, variants, baselines, sets: work.sets };
    await putJson(store, 'runs/r/plan.json', made);
  }
  for (const { task, resource, calls, seconds } of expected.tasks) {
    for (let call = 0; call < (tasks.includes(task) ? calls : 0); call++) {
      const usage = { task, resource, ms: (1000 * seconds) / calls, id: String(call) };
      await store.write(`runs/r/usage/${usageKey(usage)}`, new Uint8Array());
    }
  }
  return store;
}

const all = expected.tasks.map(({ task }) => task);
const usdOf = ({ lines }: Bill, what: string) => lines.find((line) => line.what === what)?.usd;

describe('the measured bill', () => {
  test('is the estimate where everything went as estimated', async () => {
    const bill = await measuredBill(await runThatDid(all), 'r');
    expect(bill.lines.map(({ what, unit }) => [what, unit])).toEqual(
      expect.arrayContaining(expected.bill.lines.map(({ what, unit }) => [what, unit])),
    );
    // A call's time is recorded in whole milliseconds, rounded up.
    expect(bill.totalUsd / expected.bill.totalUsd).toBeCloseTo(1, 4);
    for (const what of ['State transitions', 'S3 requests', 'S3 storage', 'Function calls']) {
      expect(usdOf(bill, what)).toBeCloseTo(usdOf(expected.bill, what)!, 10);
    }
  });

  test('has no price for the machine of the user', async () => {
    const store = new MemoryStore();
    const usage = { task: 'Label', resource: 'local', ms: 1000, id: 'a' };
    await store.write(`runs/r/usage/${usageKey(usage)}`, new Uint8Array());
    expect(await measuredBill(store, 'r')).toMatchObject({ lines: [], totalUsd: 0 });
  });

  test('grows from task to task', async () => {
    let last = 0;
    for (let done = 1; done <= all.length; done++) {
      const { totalUsd } = await measuredBill(await runThatDid(all.slice(0, done)), 'r');
      expect(totalUsd).toBeGreaterThan(last);
      last = totalUsd;
    }
  });

  test('has half of the requests when half of the shards are labeled', async () => {
    const store = await runThatDid(['Label']);
    const { calls } = expected.tasks.find(({ task }) => task === 'Label')!;
    const half = new MemoryStore();
    let kept = 0;
    for await (const { key } of store.list('')) {
      if (key.includes('usage') && kept++ >= calls / 2) continue;
      await half.write(key, key.endsWith('.json') ? await bytes(store, key) : new Uint8Array());
    }
    const [whole, part] = await Promise.all([measuredBill(store, 'r'), measuredBill(half, 'r')]);
    const share = Math.ceil(calls / 2) / calls;
    expect(usdOf(part, 'S3 requests')! / usdOf(whole, 'S3 requests')!).toBeCloseTo(share, 6);
    expect(usdOf(part, 'Label')! / usdOf(whole, 'Label')!).toBeCloseTo(share, 6);
  });

  test('has the time alone while there is no plan', async () => {
    const bill = await measuredBill(await runThatDid(['Plan'], false), 'r');
    expect(bill.lines.map(({ what }) => what)).toEqual([
      ...['Plan', 'Function calls', 'State transitions', 'Logs'],
      ...['Logs of AWS services', 'Traces'],
    ]);
  });

  test('is empty where nothing was recorded', async () => {
    expect(await measuredBill(await runThatDid([]), 'r')).toMatchObject({ lines: [], totalUsd: 0 });
  });
});

async function bytes(store: MemoryStore, key: string): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of await store.read(key)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
