/** The correction of a student's loss on the unlabeled examples during its training. */

import type { Config } from '../config/schema.ts';
import { joinRows } from '../data/tables/join.ts';
import type { LabelRow } from '../data/tables/labels-file.ts';
import { readWeights } from '../data/tables/weights-file.ts';
import {
  type DecidedOutputs,
  type Decisions,
  decisionRows,
  everyNth,
  problemsOf,
  setEveryNth,
  sureOutputs,
} from '../debias/decisions.ts';
import { margins } from '../debias/margin.ts';
import type { Correction, Method } from '../debias/method.ts';
import { methods } from '../debias/methods.ts';
import { validationPoints } from '../debias/validation.ts';
import type { Predict } from '../models/student.ts';
import type { ShardItem } from '../run/events.ts';
import type { Job } from '../run/job.ts';
import { keys } from '../run/keys.ts';
import { planDecisions, type Variant } from '../run/plan-file.ts';
import type { Reweighting } from '../train/loop.ts';
import type { Loss } from '../train/losses/index.ts';
import type { ShardSource } from '../train/stream.ts';
import { countedShards, joinedShard, type LabelsKey, usableLabels } from './sets.ts';
import type { TrainingExample } from './training-example.ts';
import type { ValidationSet } from './validation-set.ts';

/** The method of a student and the labels that it learns from. */
export type LabeledMethod = Pick<Variant, 'method' | 'labels'>;

/** The correction of one student's loss. */
export interface LossCorrection {
  /** Used in the first epoch: one per decision of an example. */
  readonly first: readonly Correction<Loss>[];
  /** Default: cross-entropy. */
  readonly loss: Loss | undefined;
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
  const first = correctionsFor(job, student, outputs);
  const reweighting: Reweighting = {
    measure: async () => (await validation.outputs(predict)).studentOutputs,
    reweigh(studentOutputs) {
      const corrections = correctionsFor(job, student, { ...outputs, studentOutputs });
      return ({ teacherMargins }, probabilities) => {
        const studentMargins = margins(decisionRows(probabilities, decisions), decisions.classes);
        return weighDecisions(corrections, teacherMargins, studentMargins);
      };
    },
  };
  const { loss, weigh } = first[0]!;
  return { first, loss, reweighting: weigh && reweighting };
}

/** Returns the corrections for a student with these outputs on the validation set. */
function correctionsFor(
  job: Job,
  { method: name, labels }: LabeledMethod,
  outputs: DecidedOutputs,
): Correction<Loss>[] {
  const method: Method<Config, Loss> = methods[name];
  const { config } = job.plan;
  const smoothing = config.student.labelSmoothing;
  return problemsOf(outputs, planDecisions(job.plan)).map((problem) =>
    method.correct(validationPoints({ ...problem, targets: labels, smoothing }), config),
  );
}

/**
 * Returns the weights of n examples, [n, perExample], by the correction of each decision.
 *
 * @param teacherMargins [n, perExample]
 * @param studentMargins [n, perExample]
 */
function weighDecisions(
  corrections: readonly Correction<Loss>[],
  teacherMargins: Float32Array,
  studentMargins: Float32Array,
): Float32Array {
  const perExample = corrections.length;
  const weights = new Float32Array(teacherMargins.length);
  for (const [decision, { weigh }] of corrections.entries()) {
    const own = new Float32Array(weights.length / perExample);
    weigh!(
      everyNth(teacherMargins, 1, decision, perExample),
      everyNth(studentMargins, 1, decision, perExample),
      own,
    );
    setEveryNth(weights, own, decision, perExample);
  }
  return weights;
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
  corrections: readonly Correction<Loss>[],
  labels: LabelsKey,
): Promise<ShardSource<TrainingExample>[]> {
  const shards = await countedShards(job, 'unlabeled');
  return shards.map(({ item, count }) => ({
    count,
    open: () => unlabeledShard(job, item, variant, corrections, labels),
  }));
}

/** Yields a shard's unlabeled examples with their pseudo-label, soft or hard, and first weights. */
async function* unlabeledShard(
  job: Job,
  item: ShardItem,
  variant: Pick<LabeledMethod, 'labels'>,
  corrections: readonly Correction<Loss>[],
  labels: LabelsKey,
): AsyncGenerator<TrainingExample> {
  const decisions = planDecisions(job.plan);
  const rows = joinRows(
    usableLabels(job, item, labels),
    readWeights(job.results, keys.weights(job.run, item.id)),
  );
  for await (const { example, row } of joinedShard(job, item, rows)) {
    const { margins: teacherMargins, probabilities, predictions, embedding } = row;
    // The weights in the file are for the kind of labels in the config; this variant can have
    // another kind.
    const weights = corrections[0]!.weigh
      ? weighDecisions(corrections, teacherMargins, row.studentMargins)
      : fixedWeights(corrections, row, decisions);
    const target = variant.labels === 'soft' ? probabilities : sureOutputs(predictions, decisions);
    yield { example, target, embedding, teacherMargins, weights };
  }
}

/** Returns the weights that do not depend on the student, [perExample]. */
function fixedWeights(
  corrections: readonly Correction<Loss>[],
  { margins: teacherMargins, probabilities }: LabelRow,
  decisions: Decisions,
): Float32Array {
  const { classes } = decisions;
  const rows = decisionRows(probabilities, decisions);
  return Float32Array.from(corrections, ({ weightOf }, decision) => {
    const own = rows.subarray(decision * classes, (decision + 1) * classes);
    return weightOf?.({ probabilities: own, margin: teacherMargins[decision]! }) ?? 1;
  });
}
