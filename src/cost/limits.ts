/** Warnings about a run that would exceed the limits of AWS, before it costs money. */
import { formats } from '../data/formats/index.ts';
import { duration } from '../format.ts';
import type { TaskUse } from '../run/bill-file.ts';
import { allStages, stages } from '../stages/index.ts';
import { functionTimeoutSeconds, gpuTrainingSeconds, trainingCalls } from './functions.ts';
import { type MapWork, shardSeconds } from './map-calls.ts';
import { functionMemoryWarnings } from './memory.ts';
import { callsOf, studentTraining, trainingSeconds } from './training-work.ts';
import { functionSpeed, gpuSpeed, type RunWork } from './work.ts';

/**
 * Maximum estimated time of a shard: less than the time of a function, because estimates are
 * uncertain.
 */
const shardLimitSeconds = 0.4 * functionTimeoutSeconds;

/** Stages that have to end in one call. */
const oneCallStages = allStages.filter(({ mapOver, resumes }) => !mapOver && !resumes);

export function* limitWarnings(
  work: RunWork,
  tasks: readonly TaskUse[],
  maps: Readonly<Record<string, MapWork>>,
): Iterable<string> {
  for (const [verb, shards] of Object.entries(maps)) yield* longShards(work, verb, shards);
  for (const { task, seconds } of tasks) {
    if (seconds < functionTimeoutSeconds) continue;
    if (!oneCallStages.some(({ name }) => name === task)) continue;
    yield `${task} would take about ${duration(seconds)}, and a function has 15 min: split the data into several runs.`;
  }
  yield* longTraining(work);
  yield* functionMemoryWarnings(work);
}

/** Warns of unlabeled shards that take too long; they are the largest ones. */
function* longShards({ config, sets }: RunWork, verb: string, map: MapWork): Iterable<string> {
  const { shards, examples, pieces } = sets.unlabeled;
  const seconds = shardSeconds({ ...map, shards, examples });
  if (seconds <= shardLimitSeconds) return;
  const { format, shardMiB } = config.data;
  // Rounded down to one digit.
  const fitting = (shardMiB * shardLimitSeconds) / seconds;
  const digit = 10 ** Math.floor(Math.log10(fitting));
  const mib = Number((Math.floor(fitting / digit) * digit).toPrecision(1));
  const { isDivisible, examplesPerPiece } = formats[format];
  const isWhole = !isDivisible && examplesPerPiece === undefined && pieces <= shards;
  yield `A shard would take about ${duration(seconds)} to ${verb}, and a function has 15 min: ` +
    (isWhole ? `pack archives of at most ${mib} MiB.` : `set data.shardMiB to ${mib}.`);
}

function* longTraining(work: RunWork): Iterable<string> {
  const training = studentTraining(work);
  const trainings = Math.max(...work.trainings);
  if (work.config.trainer === 'gpu') {
    const seconds = trainings * trainingSeconds(work, training, gpuSpeed);
    if (seconds <= gpuTrainingSeconds) return;
    yield `A student would take about ${duration(seconds)} to train, and the workflow waits ${gpuTrainingSeconds / 86_400} days: ` +
      'use fewer epochs.';
    return;
  }
  const { calls, ends } = callsOf(work, training, stages.Train);
  if (!ends || trainings * calls > trainingCalls) {
    const seconds = trainings * trainingSeconds(work, training, functionSpeed(stages.Train));
    yield `A student would take about ${duration(seconds)} to train in functions, longer than their ` +
      'calls allow: set trainer: gpu.';
  }
}
