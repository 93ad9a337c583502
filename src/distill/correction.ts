/** The correction of a student's loss on the unlabeled examples during its training. */

import type { Config } from '../config/schema.ts';
import { joinRows } from '../data/tables/join.ts';
import { readWeights } from '../data/tables/weights-file.ts';
import { decisionRows } from '../debias/decisions.ts';
import { margins } from '../debias/margin.ts';
import type { Correction, Method } from '../debias/method.ts';
import { methods } from '../debias/methods.ts';
import { type ValidationOutputs, validationPoints } from '../debias/validation.ts';
import type { Predict } from '../models/student.ts';
import type { ShardItem } from '../run/events.ts';
import type { Job } from '../run/job.ts';
import { keys } from '../run/keys.ts';
import { planDecisions, type Variant } from '../run/plan-file.ts';
import type { Reweighting } from '../train/loop.ts';
import type { Loss } from '../train/losses/index.ts';
import type { ShardSource } from '../train/stream.ts';
import { countedShards, joinedShard, type LabelsKey, usableLabels } from './sets.ts';
import { oneHot, type TrainingExample } from './training-example.ts';
import type { ValidationSet } from './validation-set.ts';

/** The method of a student and the labels that it learns from. */
export type LabeledMethod = Pick<Variant, 'method' | 'labels'>;

/** The correction of one student's loss. */
export interface LossCorrection {
  /** Used in the first epoch. */
  readonly first: Correction<Loss>;
  /** Used from epoch 2 on, if the correction depends on the student. */
  readonly reweighting: Reweighting | undefined;
}

/** @param predict runs the student in its current state, also in the middle of its training. */
export async function openLossCorrection(
  job: Job,
  student: LabeledMethod,
  validation: ValidationSet,
  predict: Predict,
): Promise<LossCorrection> {
  const decisions = planDecisions(job.plan);
  const outputs = await validation.outputs(predict);
  const first = correctionFor(job, student, outputs);
  const reweighting: Reweighting = {
    measure: async () => (await validation.outputs(predict)).studentProbabilities,
    reweigh(studentProbabilities) {
      const { weigh } = correctionFor(job, student, { ...outputs, studentProbabilities });
      return (batch, probabilities) => {
        const weights = new Float32Array(batch.weights.length);
        const rows = decisionRows(probabilities, decisions);
        weigh!(batch.teacherMargins, margins(rows, decisions.classes), weights);
        return weights;
      };
    },
  };
  return { first, reweighting: first.weigh && reweighting };
}

/** Returns the correction for a student with these outputs on the validation set. */
function correctionFor(
  job: Job,
  { method: name, labels }: LabeledMethod,
  outputs: ValidationOutputs,
): Correction<Loss> {
  const method: Method<Config, Loss> = methods[name];
  const { config } = job.plan;
  const smoothing = config.student.labelSmoothing;
  return method.correct(validationPoints({ ...outputs, targets: labels, smoothing }), config);
}

/**
 * Returns the unlabeled set with pseudo-labels.
 *
 * @param labels the pseudo-labels. A shard's labels and weights are joined by id: a stream throws a
 *   UserError if the two files differ in their examples or the order of them.
 */
export async function pseudoLabeledSet(
  job: Job,
  variant: Pick<LabeledMethod, 'labels'>,
  correction: Correction<Loss>,
  labels: LabelsKey,
): Promise<ShardSource<TrainingExample>[]> {
  const shards = await countedShards(job, 'unlabeled');
  return shards.map(({ item, count }) => ({
    count,
    open: () => unlabeledShard(job, item, variant, correction, labels),
  }));
}

/** Yields a shard's unlabeled examples with their pseudo-label, soft or hard, and first weight. */
async function* unlabeledShard(
  job: Job,
  item: ShardItem,
  variant: Pick<LabeledMethod, 'labels'>,
  { weigh, weightOf }: Correction<Loss>,
  labels: LabelsKey,
): AsyncGenerator<TrainingExample> {
  const rows = joinRows(
    usableLabels(job, item, labels),
    readWeights(job.results, keys.weights(job.run, item.id)),
  );
  for await (const { example, row } of joinedShard(job, item, rows)) {
    const teacherMargins = Float32Array.of(row.margin);
    const weights = Float32Array.of(1);
    // The weights in the file are for the kind of labels in the config; this variant can have
    // another kind.
    weigh?.(teacherMargins, Float32Array.of(row.studentMargin), weights);
    if (weightOf) weights[0] = weightOf(row);
    const target =
      variant.labels === 'soft'
        ? row.probabilities
        : oneHot(row.prediction, row.probabilities.length);
    yield { example, target, embedding: row.embedding, teacherMargins, weights };
  }
}
