/**
 * The embedded engine: runs the workflow on one machine, without AWS.
 *
 * `aws-local-stepfunctions` interprets `infra/workflow.asl.json`. Worker processes call the stages
 * of `src/stages/`. A folder (or S3) holds data and results.
 */
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { InterruptedError, TransientError, UserError } from '../errors.ts';
import type { Progress } from '../run/context.ts';
import type { JobEvent } from '../run/events.ts';
import { parseCause } from '../run/failure-cause.ts';
import { clearFailure, describeFailure, type Failure, writeFailure } from '../run/failure-file.ts';
import { readManifest } from '../run/objects-file.ts';
import { isOfPlatform } from '../run/platform-failure.ts';
import { shardStages, stages } from '../stages/index.ts';
import { openStore } from '../store/open.ts';
import { interpret } from './interpreter.ts';
import { createPool } from './pool.ts';
import type { DeathAdvice } from './worker-death.ts';
import { prepareWorkflow, readWorkflow } from './workflow.ts';

/** Execution of a workflow on this machine. */
export interface ExecuteOptions {
  /** Maximum number of worker processes. Default: the number of cores. */
  readonly workers?: number | undefined;
  /** Stops the run. The same call then continues it. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** Number of all shards, and of those that this run or an earlier one had already labeled. */
export interface LabelCache {
  readonly shards: number;
  readonly reused: number;
}

/**
 * Interprets the workflow's file to its end.
 *
 * @throws UserError if the config or the data are wrong; InterruptedError after `signal`.
 */
export async function execute(job: JobEvent, options: ExecuteOptions): Promise<LabelCache> {
  const size = options.workers ?? availableParallelism();
  const onProgress = (progress: Progress) => options.onProgress?.(progress);
  const pool = createPool({ size, onProgress, advice: adviceFor(size) });
  const labelCache = { shards: 0, reused: 0 };
  // Progress of the current Map; no two Maps run at the same time.
  let map = { done: 0, total: 0 };
  const machine = readWorkflow();
  const handlers = prepareWorkflow(
    machine,
    async (task, event) => {
      const result = z.json().parse((await pool.invoke(task, event)) ?? null);
      if (shardStages.some(({ name }) => name === task)) {
        map.done++;
        options.onProgress?.({ stage: task, ...map, unit: 'shards' });
      }
      if (task === stages.Label.name) {
        labelCache.shards++;
        // Label returns 1 for a shard that it labeled, and 0 for a shard that was labeled before.
        if (result === 0) labelCache.reused++;
      }
      return result;
    },
    async (bucket, key) => {
      // Step Functions needs a bucket; the bucket of a folder is its path.
      const location = job.results.startsWith('s3://') ? `s3://${bucket}` : bucket;
      const items = await readManifest(await openStore(location, 'time'), key);
      map = { done: 0, total: items.length };
      return items;
    },
  );
  const { until, ...rest } = job;
  const execution = interpret(machine, { ...rest, ...(until && { until }) }, handlers);
  const abort = () => {
    execution.abort();
    void pool.stop();
  };
  options.signal?.addEventListener('abort', abort, { once: true });
  try {
    await execution.result;
    if (!options.signal?.aborted) {
      await clearFailure(await openStore(job.results, 'time'), job.run);
    }
  } catch (error) {
    if (!options.signal?.aborted) throw await recorded(job, error, options);
  } finally {
    options.signal?.removeEventListener('abort', abort);
    await pool.stop();
  }
  if (options.signal?.aborted) {
    throw new InterruptedError('stopped; the same command resumes the run');
  }
  return labelCache;
}

/** Records why the run failed. @returns the error for the caller. */
async function recorded(
  job: JobEvent,
  error: unknown,
  { onProgress }: ExecuteOptions,
): Promise<unknown> {
  if (!(error instanceof Error)) return error;
  const failure = describeFailure(job, error.name, parseCause(error.message));
  try {
    await writeFailure(await openStore(job.results, 'time'), failure);
  } catch (reason) {
    // The failure of the run matters more to the user than this one.
    const message = `the failure was not recorded: ${reason instanceof Error ? reason.message : reason}`;
    onProgress?.({ stage: failure.stage, message, level: 'warning' });
  }
  return explain(failure, error);
}

/** Advises the user of this machine, if a process of so many workers dies. */
function adviceFor(workers: number): DeathAdvice {
  const continues = 'it continues from the results so far';
  const resume = `Run the same command again: ${continues}.`;
  return {
    resume,
    lessMemory:
      workers > 1
        ? `Run the same command again with --workers 1, which needs less memory: ${continues}. If that is not enough, choose a smaller batchSize in distill.yaml.`
        : `Free some memory, then run the same command again: ${continues}. A smaller batchSize in distill.yaml needs less.`,
    largerHeap: `Run the same command again with NODE_OPTIONS=--max-old-space-size=8192, which allows 8 GiB: ${continues}.`,
  };
}

/** Makes an error for the caller from the failure of the run. */
function explain(failure: Failure, cause: unknown): Error {
  const message = `${failure.stage}: ${failure.message}`;
  if (failure.error === 'UserError') return new UserError(message, failure.hint);
  // What the platform reports was retried before, and may pass.
  if (failure.error === 'TransientError' || isOfPlatform(failure.error)) {
    return new TransientError(message, { cause, hint: failure.hint });
  }
  return new Error(message, { cause });
}
