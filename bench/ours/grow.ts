/**
 * Labels and weighs groups of shards of 1, 2, 4 and 8 times as many examples: node grow.js FOLDER
 *
 * FOLDER is empty. Prints the seconds of each group.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomFor } from '../../src/data/random.ts';
import type { ShardItem } from '../../src/run/events.ts';
import { openJob, shardItems } from '../../src/run/job.ts';
import { labelShard } from '../../src/stages/label.ts';
import { planRun } from '../../src/stages/plan.ts';
import { reconcileLabels } from '../../src/stages/reconcile.ts';
import { startRun } from '../../src/stages/start.ts';
import { trainTeacher } from '../../src/stages/train-teacher.ts';
import { warmUpStudent } from '../../src/stages/warm-up.ts';
import { weighShard } from '../../src/stages/weigh.ts';
import { stopwatch } from './stopwatch.ts';

/** Shards of a group. */
const sizes = [1, 2, 4, 8];
/** These go before, in which the machine and its compiler get warm. */
const warmingShards = 4;
const shardRows = 20_000;
const features = 20;

const config = `
task: { type: tabular-classification, classes: classes.json, target: class }
data: { format: csv }
teacher: { train: { architecture: mlp, width: 64, depth: 2, epochs: 1 }, calibrate: false }
student: { architecture: mlp, width: 64, depth: 2 }
warmup: { epochs: 1 }
`;

async function writeDataset(folder: string): Promise<void> {
  const random = randomFor(1);
  const header = [...Array.from({ length: features }, (_, column) => `x${column}`), 'class'];
  const write = async (set: string, name: string, rows: number) => {
    const lines = Array.from({ length: rows }, () => {
      const values = Array.from({ length: features }, () => random().toFixed(4));
      return [...values, Number(values[0]) + random() > 1 ? 'high' : 'low'].join();
    });
    await mkdir(join(folder, set), { recursive: true });
    await writeFile(join(folder, set, `${name}.csv`), `${[header.join(), ...lines].join('\n')}\n`);
  };
  await write('labeled', 'all', 2_000);
  const shards = sizes.reduce((sum, size) => sum + size, warmingShards);
  for (let shard = 0; shard < shards; shard++) {
    // A file in a batch of its own is a shard of its own.
    await write(join('unlabeled', `batch-${shard}`), 'rows', shardRows);
  }
  await writeFile(join(folder, 'classes.json'), '["high", "low"]');
  await writeFile(join(folder, 'distill.yaml'), config);
}

const [folder = ''] = process.argv.slice(2);
const dataset = join(folder, 'dataset');
await writeDataset(dataset);
const started = await startRun(dataset, join(folder, 'results'));
const event = { ...started, execution: started.run };
const context = { signal: new AbortController().signal, report: () => {} };
await planRun(event, context);
await trainTeacher(event, context);
const job = await openJob(event);
const unlabeled = await shardItems(job, 'unlabeled');

/** Seconds of each group of unlabeled shards. */
async function timed(work: (shard: ShardItem) => Promise<unknown>): Promise<number[]> {
  for (const shard of unlabeled.slice(0, warmingShards)) await work(shard);
  const seconds: number[] = [];
  let next = warmingShards;
  for (const size of sizes) {
    const lap = stopwatch();
    for (const shard of unlabeled.slice(next, next + size)) await work(shard);
    seconds.push(lap());
    next += size;
  }
  return seconds;
}

const labeling = await timed((shard) => labelShard({ ...event, shard }, context));
for (const shard of await shardItems(job)) await labelShard({ ...event, shard }, context);
await reconcileLabels(event, context);
await warmUpStudent(event, context);
const weighing = await timed((shard) => weighShard({ ...event, shard }, context));
console.log(JSON.stringify({ labeling, weighing }));
