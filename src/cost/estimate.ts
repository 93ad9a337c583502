import { sum } from '../arrays.ts';
import { setNames } from '../data/shard.ts';
import type { RunEstimate } from '../run/estimate-file.ts';
import { billOf, type RunCounts } from './bill.ts';
import { limitWarnings } from './limits.ts';
import { measured } from './rates.ts';
import { encodeWork, labelWork, stageEstimates, weighWork } from './stage-models.ts';
import { examplesOf, type RunWork, shardsOf } from './work.ts';

/**
 * Estimates the use and cost of a run on AWS. Reads nothing, so that the same plan has the same
 * estimate. The time of a stage is the work of its examples at the rates of `rates.ts`.
 */
export function estimate(work: RunWork): RunEstimate {
  const tasks = stageEstimates(work);
  const counts = countsOf(work);
  const encode = work.encoders.length > 0 ? { encode: encodeWork(work) } : {};
  const maps = { ...encode, label: labelWork(work), weigh: weighWork(work) };
  return {
    sets: work.sets,
    tasks,
    storedBytes: counts.storedBytes,
    bill: billOf(tasks, counts),
    warnings: [...limitWarnings(work, tasks, maps)],
  };
}

function countsOf(work: RunWork): RunCounts {
  const rowBytes = measured.labelRowBytes + 4 * work.classes;
  const relabelings = sum(work.trainings.map((trainings) => (trainings - 1) / work.config.folds));
  const labels =
    (examplesOf(work, setNames) + relabelings * work.sets.unlabeled.examples) * rowBytes;
  const numberBytes = work.encoders.map(({ dimension, bits }) => (dimension * bits) / 8);
  const embeddings = examplesOf(work, setNames) * sum(numberBytes);
  const weights = work.sets.unlabeled.examples * measured.weightRowBytes;
  // f₀ and the students: the weights; in the last checkpoint, weights again with two moments each.
  const models =
    (sum(work.trainings) + work.baselines + 1) * work.networks.student.parameters * 4 * 4;
  return {
    shards: shardsOf(work),
    unlabeledShards: work.sets.unlabeled.shards,
    variants: work.trainings.length + work.baselines,
    storedBytes: embeddings + labels + weights + models,
  };
}
