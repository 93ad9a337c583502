/** Estimates of a stage's calls, by the way in which the workflow calls it. */
import type { TaskEstimate } from '../run/estimate-file.ts';
import type { Stage } from '../stages/stage.ts';
import { checkpointSeconds } from '../train/checkpoint.ts';
import { type MapWork, mapCalls, shardSeconds } from './map-calls.ts';
import { assumed } from './rates.ts';
import { callsOf, type TrainingWork } from './training-work.ts';
import type { RunWork } from './work.ts';

/** Requests to S3. */
export interface Requests {
  readonly gets: number;
  readonly puts: number;
}

type FunctionOfStage = Pick<Stage, 'name' | 'memoryMiB'>;

const resourceOf = ({ memoryMiB }: FunctionOfStage) => `lambda-${memoryMiB}`;

/**
 * Estimates a stage that is called once per run.
 *
 * @param use The seconds of the call without its start, and its requests.
 */
export function oneCall(
  stage: FunctionOfStage,
  use: Requests & { readonly seconds: number },
): TaskEstimate {
  const seconds = assumed.initSeconds + assumed.callSeconds + use.seconds;
  const resource = resourceOf(stage);
  return { task: stage.name, resource, ...use, calls: 1, seconds, wallSeconds: seconds };
}

/** Estimates a stage that a Distributed Map calls once per shard. */
export function shardCalls(
  stage: FunctionOfStage,
  work: MapWork,
  requests: Requests,
): TaskEstimate {
  const rounds = Math.ceil(work.shards / work.concurrency);
  return {
    task: stage.name,
    resource: resourceOf(stage),
    ...mapCalls(work),
    ...requests,
    wallSeconds: work.initSeconds + rounds * shardSeconds(work),
  };
}

/**
 * Estimates a training in functions, which are called until it ends.
 *
 * @param epochGets Requests that read the data of one epoch.
 */
export function trainingEstimate(
  work: RunWork,
  stage: FunctionOfStage,
  training: TrainingWork,
  epochGets: number,
): TaskEstimate {
  const { calls, seconds } = callsOf(work, training, stage);
  return {
    task: stage.name,
    resource: resourceOf(stage),
    calls,
    seconds,
    gets: 10 * calls + training.network.epochs * epochGets,
    puts: checkpointPuts(seconds),
    wallSeconds: seconds,
  };
}

/**
 * Counts what a training writes, besides the model: per minute a checkpoint, the pointer to it, and
 * an empty object in place of an old checkpoint.
 */
export function checkpointPuts(seconds: number): number {
  return 5 + (3 * seconds) / checkpointSeconds;
}
