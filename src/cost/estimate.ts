import { sum } from '../arrays.ts';
import { setNames } from '../data/shard.ts';
import { rounded, usd } from '../format.ts';
import type { NetworkSize } from '../models/size/network-size.ts';
import type { RunEstimate, TaskEstimate } from '../run/estimate-file.ts';
import { stages } from '../stages/index.ts';
import { checkpointSeconds } from '../train/checkpoint.ts';
import { billOf, type RunCounts } from './bill.ts';
import { limitWarnings } from './limits.ts';
import { prices } from './prices.ts';
import { listingPage, measured } from './rates.ts';
import { encodeWork, labelWork, stageEstimates, weighWork } from './stage-models.ts';
import { examplesOf, type RunWork, shardsOf } from './work.ts';

/**
 * Estimates the use and cost of a run on AWS. Reads nothing, so that the same plan has the same
 * estimate. The time of a stage is the work of its examples at the rates of `rates.ts`.
 */
export function estimate(work: RunWork): RunEstimate {
  const tasks = stageEstimates(work);
  const counts = countsOf(work, tasks);
  const encode = work.encoders.length > 0 ? { encode: encodeWork(work) } : {};
  const maps = { ...encode, label: labelWork(work), weigh: weighWork(work) };
  const bill = billOf(tasks, counts);
  return {
    sets: work.sets,
    tasks,
    storedBytes: counts.storedBytes,
    bill: { ...bill, notes: [...bill.notes, ...dataNotes(work)] },
    warnings: [...limitWarnings(work, tasks, maps)],
  };
}

/** Costs of the dataset below this many US dollars are not worth a line. */
const notedUsd = 0.01;

/** Describes the costs of a dataset: of its storage, which is not in the total, and of its list. */
function dataNotes({ sets }: RunWork): string[] {
  const of = (field: 'bytes' | 'pieces') => sum(setNames.map((set) => sets[set][field]));
  const gb = of('bytes') / 1e9;
  const storageUsd = gb * prices.s3GbMonth.usd;
  const listingUsd = (of('pieces') / listingPage) * prices.s3Put.usd;
  const storage = `Not included: the data, ${rounded(gb)} GB for ${usd(storageUsd)} per month. Replaced files cost as much until S3 deletes them (deploy --keep-replaced-days).`;
  const listing = `Included: ${usd(listingUsd)} to list the data, once per run.`;
  return [
    ...(storageUsd >= notedUsd ? [storage] : []),
    ...(listingUsd >= notedUsd ? [listing] : []),
  ];
}

function countsOf(work: RunWork, tasks: readonly TaskEstimate[]): RunCounts {
  const rowBytes = measured.labelRowBytes + 4 * work.classes;
  const relabelings = sum(work.trainings.map((trainings) => (trainings - 1) / work.config.folds));
  const labels =
    (examplesOf(work, setNames) + relabelings * work.sets.unlabeled.examples) * rowBytes;
  const numberBytes = work.encoders.map(({ dimension, bits }) => (dimension * bits) / 8);
  const embeddings = examplesOf(work, setNames) * sum(numberBytes);
  const weights = work.sets.unlabeled.examples * measured.weightRowBytes;
  const models = (sum(work.trainings) + work.baselines + 1) * work.networks.student.parameters * 4;
  return {
    shards: shardsOf(work),
    unlabeledShards: work.sets.unlabeled.shards,
    variants: work.trainings.length + work.baselines,
    storedBytes: embeddings + labels + weights + models + checkpointBytes(work, tasks),
  };
}

/** Bytes per weight in a checkpoint: the weight and its two moments. */
const checkpointWeightBytes = 12;

/** Days that S3 keeps a replaced checkpoint: one by its rule, which it applies at midnight. */
const replacedDays = 2;

/**
 * Returns the bytes of checkpoints in a month. The two newest of each training stay; the others,
 * one per minute, are kept for two days, so that a fifteenth of their bytes counts.
 */
function checkpointBytes(work: RunWork, tasks: readonly TaskEstimate[]): number {
  const { student, members } = work.networks;
  const bytesOf = ({ parameters }: NetworkSize) => parameters * checkpointWeightBytes;
  const secondsOf = (names: readonly string[]) =>
    sum(tasks.filter(({ task }) => names.includes(task)).map(({ seconds }) => seconds));
  const kept = 2 * (sum(work.trainings) + work.baselines + 1) * bytesOf(student);
  const replaced =
    secondsOf([stages.WarmUp.name, stages.Train.name]) * bytesOf(student) +
    secondsOf([stages.TrainTeacher.name]) * Math.max(0, ...members.map(bytesOf));
  return kept + (replaced / checkpointSeconds) * (replacedDays / 30);
}
