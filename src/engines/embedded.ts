import { type RunMetrics, runMetricsSchema } from '../evaluate/run-metrics.ts';
import type { Progress } from '../run/context.ts';
import { keys } from '../run/keys.ts';
import { planSchema } from '../run/plan-file.ts';
import { publicationSchema } from '../stages/publish.ts';
import { startRun } from '../stages/start.ts';
import { readJson } from '../store/once.ts';
import { openStore } from '../store/open.ts';
import { execute, type LabelCache } from './execute.ts';

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
  readonly labelCache: LabelCache;
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
