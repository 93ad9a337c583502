/** What the three stages that train have in common: Train teacher, Warm up and Train. */
import { createHash } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import type { Network } from '../config/schema.ts';
import { augment } from '../data/augment.ts';
import { createEncoder } from '../data/encode.ts';
import { featureShape } from '../data/features.ts';
import { randomFor } from '../data/random.ts';
import { buildNetwork } from '../models/networks.ts';
import { saveModel } from '../models/student.ts';
import { writeJsonOnce } from '../store/once.ts';
import type { tfTypes } from '../tensorflow.ts';
import { openCheckpoints } from '../train/checkpoint.ts';
import { createEagerStep } from '../train/eager-step.ts';
import { type Reweighting, train } from '../train/loop.ts';
import type { Batch } from '../train/step.ts';
import { batchesPerEpoch, type ExampleSet, streamBatches } from '../train/stream.ts';
import type { Context } from './context.ts';
import type { Job } from './job.ts';
import { writeModelFiles } from './model-files.ts';
import { decodeForStudent } from './sets.ts';
import type { TrainingExample } from './training-example.ts';

/** `history.json` beside a trained model: one record an epoch. */
export const historySchema = z.array(
  z.strictObject({
    epoch: z.int(),
    loss: z.number(),
    /** Of the unlabeled examples; missing where there were none. */
    meanWeight: z.number().optional(),
  }),
);

export interface TrainingTask {
  /** For the progress: the stage, and the student where there are several. */
  readonly stage: string;
  readonly part?: string;
  /** Where the model, its history and its checkpoints go: a key that ends in `/`. */
  readonly folder: string;
  readonly network: Network;
  readonly seed: number;
  /** The model to go on from. Default: a new one, made from the seed. */
  readonly model?: tfTypes.LayersModel;
  readonly labeled: ExampleSet<TrainingExample>;
  /** Default: none. */
  readonly unlabeled?: ExampleSet<TrainingExample>;
  readonly reweighting?: Reweighting | undefined;
}

/** Trains a network and saves it. Goes on from its checkpoint when it was stopped before. */
export async function trainNetwork(job: Job, task: TrainingTask, context: Context): Promise<void> {
  const { network, seed, folder } = task;
  const { features, classes } = job.plan;
  const model = task.model ?? (await newNetwork(job, network, seed));
  const step = createEagerStep(model, network);
  const sets = { labeled: task.labeled, unlabeled: task.unlabeled ?? noExamples };
  const { stage, part } = task;
  try {
    const history = await train({
      step,
      batches: (epoch, skip) => batches(job, task, sets, epoch, skip),
      batchesPerEpoch: batchesPerEpoch(sets, network.batchSize),
      epochs: network.epochs,
      schedule: network,
      reweighting: task.reweighting,
      checkpoints: openCheckpoints(job.results, folder, digestOf(network, seed, sets)),
      signal: context.signal,
      report: (done, total) =>
        context.report({ stage, ...(part && { part }), done, total, unit: 'steps' }),
    });
    const records = history.map(({ epoch, loss, meanWeight }) => ({
      epoch,
      loss,
      ...(meanWeight !== null && { meanWeight }),
    }));
    await writeJsonOnce(job.results, `${folder}history.json`, records);
    const description = { classes, features, createdBy: 'counterweight' };
    await writeModelFiles(job.results, folder, saveModel(model, description));
  } finally {
    step.dispose();
    model.dispose();
  }
}

const noExamples: ExampleSet<TrainingExample> = { shards: [], count: 0 };

/** A checkpoint of another network, or of other data, is none of ours. */
function digestOf(network: Network, seed: number, sets: Record<string, { count: number }>): string {
  const counts = Object.values(sets).map(({ count }) => count);
  return createHash('sha256')
    .update(JSON.stringify([network, seed, counts]))
    .digest('hex');
}

async function newNetwork(job: Job, network: Network, seed: number) {
  const { features, classes } = job.plan;
  const readTopology = async (key: string) => text(await job.data.read(key));
  return buildNetwork(network, featureShape(features), classes.length, seed, readTopology);
}

/** The batches of an epoch: streamed, shuffled, decoded, augmented and normalised. */
async function* batches(
  job: Job,
  { network, seed }: TrainingTask,
  sets: { labeled: ExampleSet<TrainingExample>; unlabeled: ExampleSet<TrainingExample> },
  epoch: number,
  skip: number,
): AsyncIterable<Batch> {
  const { features, classes } = job.plan;
  const encoder = createEncoder(features);
  const length = featureShape(features).reduce((product, size) => product * size, 1);
  const decode = async (item: TrainingExample, position: number) => {
    const decoded = await decodeForStudent(encoder, item.example);
    const random = randomFor(seed, epoch, position);
    return { item, decoded: augment(decoded, features, network.augment, random) };
  };
  const options = { ...sets, seed, batchSize: network.batchSize, decode };
  for await (const examples of streamBatches(options, epoch, skip)) {
    const size = examples.length;
    const batch = {
      size,
      features: new Float32Array(size * length),
      targets: new Float32Array(size * classes.length),
      teacherMargins: new Float32Array(size),
      weights: new Float32Array(size),
    };
    examples.forEach(({ item, decoded }, row) => {
      encoder.normalize(decoded, batch.features, row * length);
      batch.targets.set(item.target, row * classes.length);
      batch.teacherMargins[row] = item.teacherMargin;
      batch.weights[row] = item.weight;
    });
    yield batch;
  }
}
