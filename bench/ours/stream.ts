/**
 * Trains a student as the stage Train does, from tar shards of JPEG with augmentation and weights
 * that are recomputed every epoch: without room for a cache, so that every epoch streams, and with
 * a cache. Also trains the same network with the same trainer from floats, without augmentation and
 * weights. Prints the seconds of their epochs after the first, and of recomputing an epoch's
 * weights.
 *
 * node stream.js CIFAR10 FOLDER; the folder is empty
 */

import fs from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { sum } from '../../src/arrays.ts';
import { numbersOf } from '../../src/data/features/kind.ts';
import { openLossCorrection } from '../../src/distill/correction.ts';
import { studentInputs } from '../../src/distill/student-inputs.ts';
import { oneHot } from '../../src/distill/training-example.ts';
import { openValidationSet } from '../../src/distill/validation-set.ts';
import { readModelFiles } from '../../src/models/model-files.ts';
import { loadModel } from '../../src/models/student.ts';
import { asLayers } from '../../src/models/trainable.ts';
import type { Context } from '../../src/run/context.ts';
import type { JobEvent } from '../../src/run/events.ts';
import { type Job, openJob, shardItems } from '../../src/run/job.ts';
import { keys } from '../../src/run/keys.ts';
import { labelShard } from '../../src/stages/label.ts';
import { planRun } from '../../src/stages/plan.ts';
import { reconcileLabels } from '../../src/stages/reconcile.ts';
import { startRun } from '../../src/stages/start.ts';
import { trainVariant } from '../../src/stages/train.ts';
import { trainTeacher } from '../../src/stages/train-teacher.ts';
import { warmUpStudent } from '../../src/stages/warm-up.ts';
import { weighShard } from '../../src/stages/weigh.ts';
import type { Batch } from '../../src/train/batch-shape.ts';
import { createTrainingStep } from '../../src/train/create-step.ts';
import { batchSizes } from '../../src/train/order.ts';
import { shuffledBatches, trainInMemory } from './in-memory.ts';
import { stopwatch } from './stopwatch.ts';

/** Tars of 1,000 images each. */
const tars = {
  labeled: [0],
  validation: [1],
  unlabeled: Array.from({ length: 25 }, (_, index) => index + 2),
};

/** Only time matters, so the teacher is small. Each student is a repetition. */
const config = `
task: { type: image-classification, classes: classes.json, size: [32, 32] }
data: { format: webdataset, shardMiB: 2 }
teacher: { train: { architecture: mlp, width: 32, depth: 1, epochs: 1 }, calibrate: false }
student:
  architecture: convnet
  width: 32
  depth: 2
  epochs: 3
  batchSize: 128
  augment: { flip: true, crop: 4 }
warmup: { epochs: 1 }
method: weighted
compare: [{ method: weighted, seed: 2 }, { method: weighted, seed: 3 }, { method: weighted, seed: 4 }]
`;

const quiet: Context = { signal: new AbortController().signal, report: () => {} };

/** Makes a run whose students are not trained yet. */
async function prepare(cifar10: string, scratch: string): Promise<JobEvent> {
  const dataset = join(scratch, 'dataset');
  const results = join(scratch, 'results');
  await mkdir(results, { recursive: true });
  for (const [set, numbers] of Object.entries(tars)) {
    await mkdir(join(dataset, set), { recursive: true });
    for (const number of numbers) {
      const name = `train-${String(number).padStart(5, '0')}.tar`;
      await copyFile(join(cifar10, name), join(dataset, set, name));
    }
  }
  await copyFile(join(cifar10, 'classes.json'), join(dataset, 'classes.json'));
  await writeFile(join(dataset, 'distill.yaml'), config);

  const started = await startRun(dataset, results);
  const event = { ...started, execution: started.run };
  await planRun(event, quiet);
  await trainTeacher(event, quiet);
  const items = await shardItems(await openJob(event));
  for (const shard of items) await labelShard({ ...event, shard }, quiet);
  await reconcileLabels(event, quiet);
  await warmUpStudent(event, quiet);
  for (const shard of items) {
    if (shard.set === 'unlabeled') await weighShard({ ...event, shard }, quiet);
  }
  return event;
}

/** Returns the seconds of the epochs after the first, which records the step and fills a cache. */
async function trainFromShards(event: JobEvent, variant: string, epochs: number) {
  const lap = stopwatch();
  const seconds: number[] = [];
  const report: Context['report'] = ({ done = 0, total = 1 }) => {
    if (done > 0 && done % (total / epochs) === 0) seconds.push(lap());
  };
  await trainVariant({ ...event, variant }, { ...quiet, report });
  return seconds.slice(1);
}

/** Trains as on a machine without room for a cache. */
async function trainWithoutRoom(event: JobEvent, variant: string, epochs: number) {
  const { availableMemory } = process;
  const { statfs } = fs.promises;
  process.availableMemory = () => 0;
  Object.assign(fs.promises, { statfs: async () => ({ bavail: 0, bsize: 0 }) });
  syncBuiltinESMExports();
  const seconds = await trainFromShards(event, variant, epochs);
  process.availableMemory = availableMemory;
  Object.assign(fs.promises, { statfs });
  syncBuiltinESMExports();
  return seconds;
}

/** Reads all training data of a student as one batch; every weight is 1. */
async function readAll(job: Job): Promise<Batch> {
  const batches: Batch[] = [];
  for (const item of await shardItems(job)) {
    for await (const { rows, examples } of studentInputs(job, item)) {
      batches.push({
        size: examples.length,
        rows,
        targets: concatenate(
          examples.map(({ row }) => oneHot(row.predictions[0]!, row.probabilities.length)),
        ),
        teacherMargins: Float32Array.from(examples, ({ row }) => row.margins[0]!),
        weights: new Float32Array(examples.length).fill(1),
      });
    }
  }
  const n = sum(batches.map(({ size }) => size));
  return {
    size: n,
    rows: { n, values: concatenate(batches.map(({ rows }) => numbersOf(rows))) },
    targets: concatenate(batches.map(({ targets }) => targets)),
    teacherMargins: concatenate(batches.map(({ teacherMargins }) => teacherMargins)),
    weights: concatenate(batches.map(({ weights }) => weights)),
  };
}

function concatenate(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let start = 0;
  for (const part of parts) {
    whole.set(part, start);
    start += part.length;
  }
  return whole;
}

async function trainOnFloats(job: Job, all: Batch): Promise<number[]> {
  const network = job.plan.config.student;
  const { batchSize, epochs } = network;
  const { model } = await loadModel(await readModelFiles(job.results, keys.warmup(job.run)));
  const step = createTrainingStep(asLayers(model), network, {
    batchSizes: batchSizes(all.size, batchSize),
    seed: 1,
    warn: (message) => console.error(message),
  });
  const options = { step, all, batchSize, epochs, seed: 1, schedule: network };
  const { seconds } = await trainInMemory(options);
  step.dispose();
  model.dispose();
  return seconds.slice(1);
}

/** Measures the seconds that an epoch needs to recompute its weights. */
async function reestimate(job: Job, all: Batch): Promise<number[]> {
  const { batchSize } = job.plan.config.student;
  const { model, predict } = await loadModel(
    await readModelFiles(job.results, keys.warmup(job.run)),
  );
  const correction = await openLossCorrection(
    job,
    job.plan.variants[0]!,
    await openValidationSet(job),
    predict,
  );
  const reweighting = correction.reweighting!;
  // In training, the step returns the student's outputs on a batch; here, they are on the images.
  const batches: { batch: Batch; probabilities: Float32Array }[] = [];
  for await (const batch of shuffledBatches(all, batchSize, 1, 0)) {
    batches.push({
      batch: { ...batch, rows: { n: 0, values: new Float32Array() } },
      probabilities: predict(batch.rows),
    });
  }
  const seconds: number[] = [];
  for (let repetition = 0; repetition < 3; repetition++) {
    const lap = stopwatch();
    const reweigh = reweighting.reweigh(await reweighting.measure());
    for (const { batch, probabilities } of batches) reweigh(batch, probabilities);
    seconds.push(lap());
  }
  model.dispose();
  return seconds;
}

const [cifar10, scratch] = process.argv.slice(2);
if (!cifar10 || !scratch) throw new Error('expected the folder of CIFAR-10 and an empty one');
const event = await prepare(cifar10, scratch);
const job = await openJob(event);
const { variants, config: planned } = job.plan;
const { epochs } = planned.student;
const all = await readAll(job);
const result: Record<'streaming' | 'cached' | 'floats' | 'reestimating', number[]> = {
  ...{ streaming: [], cached: [], floats: [], reestimating: [] },
};
for (const [turn, { name }] of variants.entries()) {
  if (turn % 2 === 0) result.streaming.push(...(await trainWithoutRoom(event, name, epochs)));
  else result.cached.push(...(await trainFromShards(event, name, epochs)));
  if (turn % 2 === 1) result.floats.push(...(await trainOnFloats(job, all)));
}
result.reestimating.push(...(await reestimate(job, all)));
console.log(JSON.stringify(result));
