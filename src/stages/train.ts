import { readWeights } from '../data/weights-file.ts';
import { margins } from '../debias/margin.ts';
import { type Correction, methods } from '../debias/methods.ts';
import { validationPoints } from '../debias/validation.ts';
import { loadModel } from '../models/student.ts';
import type { Reweighting } from '../train/loop.ts';
import type { ShardSource } from '../train/stream.ts';
import type { Context } from './context.ts';
import type { ShardItem, VariantEvent } from './events.ts';
import { type Job, openJob } from './job.ts';
import { keys } from './keys.ts';
import { isModelSaved, readModelFiles } from './model-files.ts';
import type { Variant } from './plan-file.ts';
import { relabel } from './relabel.ts';
import {
  countedShards,
  type LabelsKey,
  labeledShard,
  teacherLabels,
  trueLabelSet,
} from './sets.ts';
import { trainNetwork } from './training.ts';
import { oneHot, type TrainingExample } from './training-example.ts';
import { openValidationSet, type Predict, type ValidationOutputs } from './validation-set.ts';

/**
 * Train: one student. Every variant starts from f₀ and sees the same examples in the same order:
 * the unlabeled ones with the teacher's labels, the others with their true ones. In the first epoch
 * the weights are those for f₀; from then on they are made anew every epoch.
 */
export async function trainVariant(event: VariantEvent, context: Context): Promise<string> {
  const job = await openJob(event);
  const variant = job.plan.variants.find(({ name }) => name === event.variant);
  if (!variant) throw new Error(`the plan has no student '${event.variant}'`);
  const folder = keys.student(job.run, variant.name);
  if (!(await isModelSaved(job.results, folder))) await trainStudent(job, variant, folder, context);
  return folder;
}

async function trainStudent(
  job: Job,
  variant: Variant,
  folder: string,
  context: Context,
): Promise<void> {
  const labels =
    variant.method === 'relabel'
      ? await relabel(job, variant, folder, context)
      : teacherLabels(job);
  const { model, predict } = await loadModel(
    await readModelFiles(job.results, keys.warmup(job.run)),
  );
  const { first, reweighting } = await openCorrecting(job, variant, predict);
  const task = {
    stage: 'Train',
    part: variant.name,
    folder,
    network: job.plan.config.student,
    seed: variant.seed,
    model,
    labeled: await trueLabelSet(job),
    unlabeled: await untrueLabelSet(job, variant, first, labels),
    ...(first.mixing && { loss: { kind: 'slam', mixing: first.mixing } as const }),
    reweighting,
  };
  await trainNetwork(job, task, context);
}

/** How a variant's loss is corrected. */
export interface Correcting {
  /** In the first epoch. */
  readonly first: Correction;
  /** In the others, where the student has a say in it. */
  readonly reweighting: Reweighting | undefined;
}

/** @param predict what the student says as it is: at first f₀, then in the middle of the training. */
export async function openCorrecting(
  job: Job,
  variant: Variant,
  predict: Predict,
): Promise<Correcting> {
  const validation = await openValidationSet(job);
  const outputs = await validation.outputs(predict);
  const first = correctionFor(job, variant, outputs);
  const reweighting: Reweighting = {
    measure: async () => (await validation.outputs(predict)).studentProbabilities,
    reweigh(studentProbabilities) {
      const { weigh } = correctionFor(job, variant, { ...outputs, studentProbabilities });
      return (batch, probabilities) => {
        const weights = new Float32Array(batch.size);
        weigh!(batch.teacherMargins, margins(probabilities, outputs.classes), weights);
        return weights;
      };
    },
  };
  return { first, reweighting: first.weigh && reweighting };
}

/** The variant's correction for a student that says this of the validation set. */
function correctionFor(
  job: Job,
  { method, labels }: Variant,
  outputs: ValidationOutputs,
): Correction {
  const { weights, slam } = job.plan.config;
  const points = validationPoints({ ...outputs, targets: labels });
  return methods[method](points, { ...weights, ...slam });
}

async function untrueLabelSet(
  job: Job,
  variant: Variant,
  correction: Correction,
  labels: LabelsKey,
): Promise<ShardSource<TrainingExample>[]> {
  const shards = await countedShards(job, 'unlabeled');
  return shards.map(({ item, count }) => ({
    count,
    open: () => unlabeledShard(job, item, variant, correction, labels),
  }));
}

/** The unlabeled examples of a shard with the teacher's label, soft or hard, and the first weight. */
async function* unlabeledShard(
  job: Job,
  item: ShardItem,
  variant: Variant,
  { weigh, weightOf }: Correction,
  labels: LabelsKey,
): AsyncGenerator<TrainingExample> {
  const margin = new Float32Array(1);
  const studentMargin = new Float32Array(1);
  const weight = new Float32Array([1]);
  const rows = readWeights(job.results, keys.weights(job.run, item.id));
  for await (const { example, row } of labeledShard(job, item, labels)) {
    const { value: weighed } = await rows.next();
    margin[0] = row.margin;
    studentMargin[0] = weighed!.studentMargin;
    // The file's own weight is for the labels of the config; this variant may have other ones.
    weigh?.(margin, studentMargin, weight);
    if (weightOf) weight[0] = weightOf(row);
    const target =
      variant.labels === 'soft'
        ? row.probabilities
        : oneHot(row.prediction, row.probabilities.length);
    yield { example, target, teacherMargin: row.margin, weight: weight[0]! };
  }
}
