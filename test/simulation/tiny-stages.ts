/**
 * Tiny stages with the flow of the real ones: the same order of reads and commits, checkpoints by
 * the real loop, and little to compute. A whole run takes milliseconds, so that many seeds are
 * whole runs.
 */
import { z } from 'zod';
import { reserveSpend } from '../../src/cost/spend.ts';
import { oneClass } from '../../src/debias/decisions.ts';
import { digestJson } from '../../src/digest.ts';
import type { Context } from '../../src/run/context.ts';
import { currentSchema } from '../../src/run/current-file.ts';
import { jobEvent, shardEvent, variantEvent } from '../../src/run/events.ts';
import { keys } from '../../src/run/keys.ts';
import { manifestJson } from '../../src/run/objects-file.ts';
import { watchCommits } from '../../src/run/stalled-call.ts';
import { type StageName, stages } from '../../src/stages/index.ts';
import { defineStage, type Stage } from '../../src/stages/stage.ts';
import { readBytes, readJson, writeJsonOnce, writeOnce } from '../../src/store/once.ts';
import { openStore } from '../../src/store/open.ts';
import { swapPointer } from '../../src/store/pointer.ts';
import type { ObjectStore } from '../../src/store/store.ts';
import type { Batch } from '../../src/train/batch-shape.ts';
import { openCheckpoints } from '../../src/train/checkpoint.ts';
import { train } from '../../src/train/loop.ts';
import type { TrainingStep } from '../../src/train/step.ts';

/** A file of the dataset that a run labels, pinned. */
const shardSchema = z.object({ id: z.string(), key: z.string(), version: z.string() });
/** Plan of a tiny run. */
export const tinyPlanSchema = z.object({
  shards: z.array(shardSchema),
  teacher: z.string(),
  totalUsd: z.number(),
});
const labelsSchema = z.object({
  labels: z.record(z.string(), z.number()),
  quarantined: z.record(z.string(), z.string()),
});
const modelSchema = z.object({ weights: z.array(z.number()), losses: z.array(z.number()) });
type Model = z.infer<typeof modelSchema>;
const metricsSchema = z.object({ loss: z.number(), current: z.string() });

type Event = z.infer<typeof jobEvent>;

/** Keys of the tiny runs, in the folders of the real ones. */
const tinyKeys = {
  plan: (run: string) => `runs/${run}/tiny-plan.json`,
  labels: (teacher: string, shard: string) => `labels/${teacher}/${shard}.json`,
  weights: (run: string, shard: string) => `runs/${run}/weights/${shard}.json`,
  model: (folder: string) => `${folder}model.json`,
};
const variant = 'tiny';
const dollarsPerShard = 0.25;

/** Reads the plan of a run. */
export async function readTinyPlan(results: ObjectStore, run: string) {
  return readJson(results, tinyKeys.plan(run), tinyPlanSchema);
}

/** Reads the labels and the quarantined examples of a shard. */
export async function readTinyLabels(results: ObjectStore, teacher: string, shard: string) {
  return readJson(results, tinyKeys.labels(teacher, shard), labelsSchema);
}

async function openTiny({ run, results }: Event, { onCommit }: Pick<Context, 'onCommit'> = {}) {
  const opened = await openStore(results, 'time');
  const store = onCommit ? watchCommits(opened, onCommit) : opened;
  return { store, plan: await readTinyPlan(store, run) };
}

async function plan({ run, dataset, results }: Event, { deployment }: Context): Promise<object> {
  const store = await openStore(results, 'time');
  const key = tinyKeys.plan(run);
  if (!(await store.head(key))) {
    const data = await openStore(dataset);
    const shards = [];
    for await (const object of data.list('unlabeled/')) {
      const { key, version } = object;
      shards.push({ id: digestJson([key, version], 12), key, version });
    }
    const totalUsd = dollarsPerShard * (1 + shards.length);
    await reserveSpend(store, { run, totalUsd }, deployment ?? {});
    const whole = { set: 'unlabeled', objects: '', start: 0, end: 0, sha256: '' } as const;
    const manifest = manifestJson(shards.map(({ id }) => ({ id, ...whole })));
    for (const listed of [keys.shards(run), keys.unlabeled(run)]) {
      await writeOnce(store, listed, manifest);
    }
    await writeJsonOnce(store, key, { shards, teacher: digestJson('teacher', 12), totalUsd });
  }
  const bucket = results.replace(/^s3:\/\//, '');
  return {
    ...{ bucket, shards: keys.shards(run), unlabeled: keys.unlabeled(run), concurrency: 2 },
    ...{ encode: false, trainTeacher: true, trainStudents: true },
    variants: [{ name: variant, trainer: 'function' }],
  };
}

async function trainTeacher(job: Event, context: Context): Promise<object> {
  const { store, plan } = await openTiny(job, context);
  const folder = keys.teacher(plan.teacher);
  await trainTiny(store, folder, [1, 2, 3], context);
  return { folder };
}

async function calibrate(job: Event, context: Context): Promise<object> {
  const { store, plan } = await openTiny(job, context);
  const folder = keys.teacher(plan.teacher);
  const key = `${folder}calibration.json`;
  if (await store.head(key)) return {};
  const { weights } = await readModel(store, folder);
  await writeJsonOnce(store, key, { bias: weights[0]! });
  return {};
}

/** Labels a shard: the label of a text is its length times the first weight of the teacher. */
async function label(
  { shard, ...job }: z.infer<typeof shardEvent>,
  context: Context,
): Promise<number> {
  const { store, plan } = await openTiny(job);
  const key = tinyKeys.labels(plan.teacher, shard.id);
  if (await store.head(key)) return 0;
  const { weights } = await readModel(store, keys.teacher(plan.teacher));
  const data = await openStore(job.dataset);
  const { version, key: file } = plan.shards.find(({ id }) => id === shard.id)!;
  const [, ...rows] = Buffer.from(await readBytes(data, file, { version }))
    .toString()
    .trim()
    .split('\n');
  const labels: Record<string, number> = {};
  const quarantined: Record<string, string> = {};
  for (const row of rows) {
    const [id = '', text = ''] = row.split(',');
    if (text === '') quarantined[id] = 'it has no text';
    else labels[id] = weights[0]! * text.length;
    context.report({ stage: 'Label', done: 1 });
  }
  await writeJsonOnce(store, key, { labels, quarantined });
  return 1;
}

async function reconcile(job: Event): Promise<object> {
  const { store, plan } = await openTiny(job);
  const counts: Record<string, number> = {};
  for (const { id } of plan.shards) {
    const { labels } = await readTinyLabels(store, plan.teacher, id);
    counts[id] = Object.keys(labels).length;
  }
  await writeJsonOnce(store, keys.reconcile(job.run), { counts });
  return {};
}

async function warmUp(job: Event, context: Context): Promise<object> {
  const { store } = await openTiny(job, context);
  await trainTiny(store, keys.warmup(job.run), [2, 4], context);
  return {};
}

async function weigh({ shard, ...job }: z.infer<typeof shardEvent>): Promise<number> {
  const { store, plan } = await openTiny(job);
  const key = tinyKeys.weights(job.run, shard.id);
  if (await store.head(key)) return 0;
  const { weights } = await readModel(store, keys.warmup(job.run));
  const { labels } = await readTinyLabels(store, plan.teacher, shard.id);
  const all = Object.entries(labels).map(([id, value]) => [id, value * weights[1]!]);
  await writeJsonOnce(store, key, { weights: Object.fromEntries(all) });
  return 1;
}

const weightsSchema = z.object({ weights: z.record(z.string(), z.number()) });

async function trainStudent(
  { variant: name, ...job }: z.infer<typeof variantEvent>,
  context: Context,
): Promise<object> {
  const { store, plan } = await openTiny(job, context);
  const numbers: number[] = [];
  for (const { id } of plan.shards) {
    const { weights } = await readJson(store, tinyKeys.weights(job.run, id), weightsSchema);
    numbers.push(...Object.values(weights).slice(0, 2));
  }
  await trainTiny(store, keys.student(job.run, name), numbers, context);
  return {};
}

async function evaluate(job: Event): Promise<object> {
  const { store } = await openTiny(job);
  const key = keys.metrics(job.run);
  if (!(await store.head(key))) {
    const { losses } = await readModel(store, keys.student(job.run, variant));
    const pointer = keys.current('reviews');
    const present = (await store.head(pointer))
      ? await readJson(store, pointer, currentSchema)
      : { run: '' };
    await writeJsonOnce(store, key, { loss: losses.at(-1)!, current: present.run });
  }
  return {};
}

/** Moves CURRENT from the student that Evaluate has seen, and from no other. */
async function publish(job: Event): Promise<object> {
  const { store } = await openTiny(job);
  const { current } = await readJson(store, keys.metrics(job.run), metricsSchema);
  const next = { run: job.run, variant, student: keys.student(job.run, variant) };
  await swapPointer(store, keys.current('reviews'), currentSchema, (present) =>
    (present?.run ?? '') === current ? next : undefined,
  );
  await writeJsonOnce(store, keys.publication(job.run), { published: true });
  return {};
}

async function readModel(store: ObjectStore, folder: string): Promise<Model> {
  return readJson(store, tinyKeys.model(folder), modelSchema);
}

/** Trains a weight per number, and saves them, unless it is done. */
async function trainTiny(
  store: ObjectStore,
  folder: string,
  numbers: readonly number[],
  { signal, report }: Context,
): Promise<void> {
  if (await store.head(tinyKeys.model(folder))) return;
  const step = tinyStep(numbers.length);
  const history = await train({
    step,
    batches: (_, skip) => batchesOf(numbers, skip),
    batchesPerEpoch: numbers.length,
    epochs: 2,
    schedule: { learningRate: 0.125, schedule: 'constant', learningRateWarmup: 0 },
    decisions: oneClass(2),
    checkpoints: openCheckpoints(store, keys.checkpoints(folder), digestJson(numbers)),
    signal,
    report: (done, total) => report({ stage: 'Train', done, total }),
  });
  const weights = [...step.state().get('weights')!.values];
  const losses = history.map(({ loss }) => loss);
  await writeJsonOnce(store, tinyKeys.model(folder), { weights, losses });
}

/** Moves one weight per step to the number of the batch. */
function tinyStep(size: number): TrainingStep {
  let weights = new Float32Array(size).fill(1);
  let steps = 0;
  return {
    run({ teacherMargins, targets, ...batch }, rate) {
      const index = steps++ % size;
      const error = teacherMargins[0]! - weights[index]!;
      weights[index]! += rate * error;
      return { loss: error ** 2, weights: batch.weights, probabilities: targets };
    },
    state: () =>
      new Map([
        ['weights', { shape: [size], values: weights.slice() }],
        ['steps', { shape: [1], values: Float32Array.of(steps) }],
      ]),
    restore(state) {
      weights = state.get('weights')!.values.slice();
      steps = state.get('steps')!.values[0]!;
    },
    updateModel() {},
    dispose() {},
  };
}

async function* batchesOf(numbers: readonly number[], skip: number): AsyncGenerator<Batch> {
  for (const number of numbers.slice(skip)) {
    yield {
      size: 1,
      rows: { n: 1, values: Float32Array.of(number) },
      targets: Float32Array.of(1, 0),
      teacherMargins: Float32Array.of(number),
      weights: Float32Array.of(1),
    };
  }
}

/** Makes a tiny stage with the facts of the real one. */
function tiny<Event>(
  name: StageName,
  event: z.ZodType<Event>,
  run: (event: Event, context: Context) => Promise<unknown>,
): Stage<StageName> {
  return defineStage({ ...stages[name], event, load: async () => run });
}

/** The tiny stages, by name. Encode is never called, because the plan has no encoder. */
export const tinyStages: Record<StageName, Pick<Stage, 'load' | 'resumes'>> = {
  Plan: tiny('Plan', jobEvent, plan),
  Encode: stages.Encode,
  TrainTeacher: tiny('TrainTeacher', jobEvent, trainTeacher),
  Calibrate: tiny('Calibrate', jobEvent, calibrate),
  Label: tiny('Label', shardEvent, label),
  Reconcile: tiny('Reconcile', jobEvent, reconcile),
  WarmUp: tiny('WarmUp', jobEvent, warmUp),
  Weigh: tiny('Weigh', shardEvent, weigh),
  Train: tiny('Train', variantEvent, trainStudent),
  Evaluate: tiny('Evaluate', jobEvent, evaluate),
  Publish: tiny('Publish', jobEvent, publish),
};
