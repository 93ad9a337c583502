/** The events that report the end of a run: docs/events.md describes them. */
import { z } from 'zod';
import { type RunMetrics, runMetricsSchema } from '../evaluate/run-metrics.ts';
import { labelMetricNames, metricNames } from '../evaluate/schema.ts';
import { readFailure } from '../run/failure-file.ts';
import { keys } from '../run/keys.ts';
import { publicationSchema } from '../stages/publish.ts';
import { readJson } from '../store/once.ts';
import type { ObjectStore } from '../store/store.ts';
import { attemptOf, datasetOfRun, runOf } from './executions.ts';

/** Source of the events. */
export const eventSource = 'counterweight';

/** Types of the events. */
export const eventTypes = ['RunSucceeded', 'RunFailed', 'StudentPublished'] as const;

/** Milliseconds since 1970 on AWS, and a text on LocalStack. */
const moment = z.union([z.number(), z.string()]).pipe(z.coerce.date());

/** End of an execution, as Step Functions reports it. */
export const executionEnd = z.object({
  executionArn: z.string(),
  name: z.string(),
  status: z.enum(['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED']),
  /** Number of times that the execution was redriven before. LocalStack redrives none. */
  redriveCount: z.number().default(0),
  startDate: moment,
  stopDate: moment,
});
export type ExecutionEnd = z.infer<typeof executionEnd>;

/** One event: its type and its detail. */
export interface Announcement {
  readonly type: (typeof eventTypes)[number];
  readonly detail: Readonly<Record<string, unknown>>;
}

/**
 * Makes the events of the end of an execution, from the run's results. They contain names, figures
 * and keys: no message of an error, because it may quote an example, and no class or label.
 */
export async function announcementsOf(
  results: ObjectStore,
  end: ExecutionEnd,
): Promise<Announcement[]> {
  const run = runOf(end.name);
  const common = {
    run,
    dataset: datasetOfRun(run),
    results: results.location,
    execution: end.executionArn,
    attempt: attemptOf(end.name),
    startedAt: end.startDate.toISOString(),
    endedAt: end.stopDate.toISOString(),
  };
  if (end.status !== 'SUCCEEDED') {
    const failure = await failureOf(results, run, end.executionArn);
    return [{ type: 'RunFailed', detail: { ...common, status: end.status, ...failure } }];
  }
  if (!(await results.head(keys.publication(run)))) {
    const labels = { result: 'labels', keys: { reconcile: keys.reconcile(run) } };
    return [{ type: 'RunSucceeded', detail: { ...common, ...labels } }];
  }
  return announceStudents(results, common);
}

/** Describes the failure of this execution. The record may be that of another one. */
async function failureOf(results: ObjectStore, run: string, execution: string) {
  const failure = await readFailure(results, run);
  if (failure?.execution !== execution) return { keys: {} };
  return { stage: failure.stage, error: failure.error, keys: { failure: keys.failure(run) } };
}

/** Makes the events of a run that trained students. */
async function announceStudents(
  results: ObjectStore,
  common: { readonly run: string; readonly dataset: string },
): Promise<Announcement[]> {
  const { run, dataset } = common;
  const { published } = await readJson(results, keys.publication(run), publicationSchema);
  const metrics = await readJson(results, keys.metrics(run), runMetricsSchema);
  // The first student is that of the config's method; the others are compared with it.
  const student = metrics.students[0]!.variant;
  const figures = figuresOf(metrics);
  const files = { metrics: keys.metrics(run), report: keys.report(run) };
  const outcome = { result: 'students', published, student, figures };
  const publication = keys.publication(run);
  const succeeded: Announcement = {
    type: 'RunSucceeded',
    detail: { ...common, ...outcome, keys: { ...files, publication } },
  };
  if (!published) return [succeeded];
  const card = keys.card(run, student);
  const ofStudent = { current: keys.current(dataset), student: keys.student(run, student), card };
  return [
    succeeded,
    {
      type: 'StudentPublished',
      detail: { ...common, student, figures, keys: { ...ofStudent, ...files } },
    },
  ];
}

/** Figures of all models on the evaluated set, without those per class. */
function figuresOf({ metrics, evaluatedOn }: RunMetrics) {
  const models = Object.entries(metrics.models).map(([model, measured]) => {
    const names = [...metricNames, ...labelMetricNames];
    const figures = names.flatMap((name) => (measured[name] ? [[name, measured[name]]] : []));
    return [model, Object.fromEntries(figures)];
  });
  return { evaluatedOn, examples: metrics.examples, models: Object.fromEntries(models) };
}
