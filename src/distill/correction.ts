/** How the loss of a student on the unlabeled examples is corrected while it is trained. */
import { readWeights } from '../data/tables/weights-file.ts';
import type { Candidate } from '../debias/auto.ts';
import { margins } from '../debias/margin.ts';
import { type Correction, methods } from '../debias/methods.ts';
import { validationPoints } from '../debias/validation.ts';
import type { ShardItem } from '../run/events.ts';
import type { Job } from '../run/job.ts';
import { keys } from '../run/keys.ts';
import type { Reweighting } from '../train/loop.ts';
import type { ShardSource } from '../train/stream.ts';
import { countedShards, type LabelsKey, labeledShard } from './sets.ts';
import { oneHot, type TrainingExample } from './training-example.ts';
import type { Predict, ValidationOutputs, ValidationSet } from './validation-set.ts';

/** What a student's loss is corrected by. */
export interface Correcting {
  /** In the first epoch. */
  readonly first: Correction;
  /** In the others, where the student has a say in it. */
  readonly reweighting: Reweighting | undefined;
}

/** @param predict what the student says as it is: at first, then in the middle of the training. */
export async function openCorrecting(
  job: Job,
  candidate: Candidate,
  validation: ValidationSet,
  predict: Predict,
): Promise<Correcting> {
  const outputs = await validation.outputs(predict);
  const first = correctionFor(job, candidate, outputs);
  const reweighting: Reweighting = {
    measure: async () => (await validation.outputs(predict)).studentProbabilities,
    reweigh(studentProbabilities) {
      const { weigh } = correctionFor(job, candidate, { ...outputs, studentProbabilities });
      return (batch, probabilities) => {
        const weights = new Float32Array(batch.size);
        weigh!(batch.teacherMargins, margins(probabilities, outputs.classes), weights);
        return weights;
      };
    },
  };
  return { first, reweighting: first.weigh && reweighting };
}

/** The correction for a student that says this of the validation set. */
function correctionFor(
  job: Job,
  { method, labels }: Candidate,
  outputs: ValidationOutputs,
): Correction {
  const { weights, slam } = job.plan.config;
  const points = validationPoints({ ...outputs, targets: labels });
  return methods[method](points, { ...weights, ...slam });
}

/** The unlabeled set, with labels that may be wrong. */
export async function untrueLabelSet(
  job: Job,
  variant: Pick<Candidate, 'labels'>,
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
  variant: Pick<Candidate, 'labels'>,
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
    const { margin: teacherMargin, embedding } = row;
    yield { example, target, embedding, teacherMargin, weight: weight[0]! };
  }
}
