import { availableParallelism } from 'node:os';
import { localSeconds } from '../cost/local-time.ts';
import { plannedWork } from '../cost/plan-estimate.ts';
import type { SetName } from '../data/shard.ts';
import { modelsOfLabels } from '../distill/baselines/index.ts';
import type { RunEstimate } from '../run/estimate-file.ts';
import { openJob, shardItems } from '../run/job.ts';
import { countEmbedded, countLabeled } from '../run/label-cache.ts';
import { learnedByTeacher, type Plan } from '../run/plan-file.ts';
import { planRun } from '../stages/plan.ts';
import { startRun } from '../stages/start.ts';

/** A run to plan. */
export interface PlanOptions {
  /** Dataset: a folder with `distill.yaml`, or s3://bucket/prefix. */
  readonly dataset: string;
  /** Location of the results: a folder, created if missing, or s3://bucket/prefix. */
  readonly results: string;
}

/** A planned run. */
export interface PlanSummary {
  readonly run: string;
  readonly sets: Plan['sets'];
  readonly classes: readonly string[];
  /** Kind of the teacher: `train`, `onnx`, `savedModel` … */
  readonly teacher: string;
  readonly students: readonly string[];
  /** Models of the labels alone, which the report compares with the students. */
  readonly baselines: readonly string[];
  /** Sets that the teacher learns, if counterweight trains it. */
  readonly learns: readonly SetName[];
  /** Number of teachers, one per fold of the labels. */
  readonly folds: number;
  /** Sets whose labels measure the teacher's errors. */
  readonly validatedOn: Plan['validatedOn'];
  /** Number of all shards, and of those that have labels of this teacher. */
  readonly labelCache: { readonly shards: number; readonly reused: number };
  /** Number of all shards, and of those with embeddings of all encoders, if there are encoders. */
  readonly embeddingCache?: { readonly shards: number; readonly reused: number };
  /** Files in the folders of the sets that are not data, by the reason. */
  readonly leftOut: Plan['leftOut'];
  readonly warnings: readonly string[];
  /** Use and cost of the run on AWS, as estimated when it was first planned. */
  readonly estimate: RunEstimate;
  /** Estimated time of the run on this machine, and the processors that share its work. */
  readonly local: { readonly seconds: number; readonly cores: number };
  /** Columns of a table: their use and content, and why some are left out. */
  readonly columns?: NonNullable<Plan['columns']>;
}

/**
 * Plans a run, without labels or training. `run` continues from the plan, which stays in the
 * results.
 *
 * @throws UserError if the config or the data are wrong.
 * @example
 * const { sets, estimate } = await plan({ dataset: 'examples/digits', results: 'results' });
 * console.log(sets.unlabeled.shards, estimate.bill);
 */
export async function plan(options: PlanOptions): Promise<PlanSummary> {
  const started = await startRun(options.dataset, options.results);
  const event = { ...started, execution: started.run };
  const context = { signal: new AbortController().signal, report: () => {} };
  await planRun(event, context);
  const job = await openJob(event);
  const items = await shardItems(job);
  const ids = items.map(({ id }) => id);
  const reused = await countLabeled(job.results, job.plan.teacher, ids);
  const embedded = await countEmbedded(job.results, job.plan.encoders, ids);
  const cores = availableParallelism();
  const work = await plannedWork(
    job.data,
    { ...job.plan, sets: job.plan.estimate.sets },
    { labeledShards: reused, embeddedShards: embedded },
  );
  return {
    run: event.run,
    sets: job.plan.sets,
    classes: job.plan.classes,
    teacher: job.plan.teacher.kind,
    students: job.plan.variants.map(({ name }) => name),
    baselines: modelsOfLabels(job.plan),
    learns: job.plan.config.teacher.train ? learnedByTeacher(job.plan) : [],
    folds: job.plan.config.folds,
    validatedOn: job.plan.validatedOn,
    labelCache: { shards: items.length, reused },
    ...(job.plan.encoders.length > 0 && {
      embeddingCache: { shards: items.length, reused: embedded },
    }),
    leftOut: job.plan.leftOut,
    warnings: [...job.plan.teacher.doubts, ...job.plan.warnings],
    estimate: job.plan.estimate,
    local: { seconds: localSeconds(work, cores), cores },
    ...(job.plan.columns && { columns: job.plan.columns }),
  };
}
