/**
 * The embedded engine: runs the whole workflow on one machine, without AWS.
 *
 * `aws-local-stepfunctions` interprets `infra/workflow.asl.json`. Worker processes call the stages
 * of `src/stages/`. A folder (or S3) holds data and results.
 */
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { InterruptedError, UserError } from '../errors.ts';
import { type RunMetrics, runMetricsSchema } from '../evaluate/run-metrics.ts';
import type { Progress } from '../run/context.ts';
import type { JobEvent } from '../run/events.ts';
import { keys } from '../run/keys.ts';
import { planSchema } from '../run/plan-file.ts';
import { shardStages, stages } from '../stages/index.ts';
import { publicationSchema } from '../stages/publish.ts';
import { type Failure, failureSchema } from '../stages/record-failure.ts';
import { startRun } from '../stages/start.ts';
import { readJson } from '../store/once.ts';
import { openStore } from '../store/open.ts';
import { interpret } from './interpreter.ts';
import { createPool } from './pool.ts';
import { prepareWorkflow, readWorkflow } from './workflow.ts';

/** A run on this machine. */
export interface RunOptions {
  /** Dataset: a folder with `distill.yaml`, or s3://bucket/prefix. */
  readonly dataset: string;
  /** Location of the results: a folder, created if missing, or s3://bucket/prefix. */
  readonly results: string;
  /** Maximum number of worker processes. Default: the number of cores. */
  readonly workers?: number | undefined;
  /** Stops the run. The same call then continues it. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** A run that is done. */
export interface RunSummary {
  readonly run: string;
  readonly results: string;
  /** Keys, in the results, of the report and of the student of the config's method. */
  readonly report: string;
  readonly student: string;
  readonly metrics: RunMetrics;
  /** Number of all shards, and of those that this run or an earlier one had already labeled. */
  readonly labelCache: { readonly shards: number; readonly reused: number };
  readonly published: boolean;
  readonly publication: string;
  readonly seconds: number;
}

/**
 * Runs the whole workflow on a dataset. The run's name is a digest of its config and its objects'
 * versions. The same call therefore continues a run that was stopped, or returns a finished run.
 *
 * @throws UserError if the config or the data are wrong; InterruptedError after `signal`.
 * @example
 * const { metrics, student } = await run({ dataset: 'examples/digits', results: 'results' });
 * console.log(student, metrics);
 */
export async function run(options: RunOptions): Promise<RunSummary> {
  const startedAt = performance.now();
  options.signal?.throwIfAborted();
  const started = await startRun(options.dataset, options.results);
  const job = { ...started, execution: started.run };
  const labelCache = await execute(job, options);
  const results = await openStore(job.results, 'time');
  const plan = await readJson(results, keys.plan(job.run), planSchema);
  const publication = await readJson(results, keys.publication(job.run), publicationSchema);
  return {
    run: job.run,
    results: job.results,
    report: keys.report(job.run),
    student: keys.student(job.run, plan.variants[0]!.name),
    metrics: await readJson(results, keys.metrics(job.run), runMetricsSchema),
    labelCache,
    published: publication.published,
    publication: publication.reason,
    seconds: (performance.now() - startedAt) / 1000,
  };
}

/** Interprets the workflow's file to its end. */
async function execute(job: JobEvent, options: RunOptions): Promise<RunSummary['labelCache']> {
  const pool = createPool(options.workers ?? availableParallelism(), (progress) =>
    options.onProgress?.(progress),
  );
  const labelCache = { shards: 0, reused: 0 };
  // Progress of the current Map; no two Maps run at the same time.
  let map = { done: 0, total: 0 };
  let failure: Failure | undefined;
  const machine = readWorkflow();
  const handlers = prepareWorkflow(
    machine,
    async (task, event) => {
      const result = z.json().parse((await pool.invoke(task, event)) ?? null);
      if (shardStages.some(({ name }) => name === task)) {
        map.done++;
        options.onProgress?.({ stage: task, ...map, unit: 'shards' });
      }
      if (task === stages.RecordFailure.name) failure = failureSchema.parse(result);
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
      const items = await readJson(await openStore(location, 'time'), key, z.array(z.json()));
      map = { done: 0, total: items.length };
      return items;
    },
  );
  const execution = interpret(machine, { ...job }, handlers);
  const abort = () => {
    execution.abort();
    void pool.stop();
  };
  options.signal?.addEventListener('abort', abort, { once: true });
  try {
    await execution.result;
  } catch (error) {
    if (!options.signal?.aborted) throw failure ? explain(failure, error) : error;
  } finally {
    options.signal?.removeEventListener('abort', abort);
    await pool.stop();
  }
  if (options.signal?.aborted) {
    throw new InterruptedError('stopped; the same command resumes the run');
  }
  return labelCache;
}

/** Makes an error for the caller from the failure that the run recorded. */
function explain(failure: Failure, cause: unknown): Error {
  const message = `${failure.stage}: ${failure.message}`;
  if (failure.error === 'UserError') return new UserError(message, failure.hint);
  return new Error(message, { cause });
}
