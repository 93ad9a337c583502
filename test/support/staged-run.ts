import { expect } from 'vitest';
import { type RunMetrics, runMetricsSchema } from '../../src/evaluate/run-metrics.ts';
import type { Context } from '../../src/run/context.ts';
import { type Job, openJob, shardItems } from '../../src/run/job.ts';
import { keys } from '../../src/run/keys.ts';
import { calibrateTeacher } from '../../src/stages/calibrate.ts';
import { encodeShard } from '../../src/stages/encode.ts';
import { evaluateStudents } from '../../src/stages/evaluate.ts';
import { labelShard } from '../../src/stages/label.ts';
import { planRun } from '../../src/stages/plan.ts';
import { publishStudent } from '../../src/stages/publish.ts';
import { reconcileLabels } from '../../src/stages/reconcile.ts';
import { startRun } from '../../src/stages/start.ts';
import { trainVariant } from '../../src/stages/train.ts';
import { trainTeacher } from '../../src/stages/train-teacher.ts';
import { warmUpStudent } from '../../src/stages/warm-up.ts';
import { weighShard } from '../../src/stages/weigh.ts';
import { readJson } from '../../src/store/once.ts';
import type { Dataset } from './datasets.ts';

export const context: Context = { signal: new AbortController().signal, report: () => {} };

/** Runs the stages up to Reconcile, in this process. */
export async function reconciled({ dataset, results }: Dataset) {
  const started = await startRun(dataset, results);
  const event = { ...started, execution: started.run };
  const { trainTeacher: isOurs, encode } = await planRun(event, context);
  const job: Job = await openJob(event);
  for (const shard of encode ? await shardItems(job) : []) {
    await encodeShard({ ...event, shard }, context);
  }
  if (isOurs) await trainTeacher(event, context);
  await calibrateTeacher(event, context);
  for (const shard of await shardItems(job)) await labelShard({ ...event, shard }, context);
  await reconcileLabels(event, context);
  return { event, job };
}

/** Runs the stages up to Weigh, in this process. */
export async function weighed(options: Dataset) {
  const { event, job } = await reconciled(options);
  await warmUpStudent(event, context);
  for (const shard of await shardItems(job, 'unlabeled')) {
    await weighShard({ ...event, shard }, context);
  }
  return { event, job };
}

/** Runs all stages, in this process. */
export async function finished(options: Dataset) {
  const { event, job } = await weighed(options);
  for (const { name } of [...job.plan.variants, ...job.plan.baselines]) {
    await trainVariant({ ...event, variant: name }, context);
  }
  await evaluateStudents(event, context);
  await publishStudent(event);
  return { job, ...(await readJson(job.results, keys.metrics(job.run), runMetricsSchema)) };
}

/** Expects that the figures of the last epoch are those of the evaluation, for every student. */
export function expectHeldOut({ metrics, students }: RunMetrics): void {
  for (const { variant, history } of students) {
    const { accuracy, logLoss } = history.at(-1)!.heldOut!;
    expect(accuracy, variant).toBeCloseTo(metrics.models[variant]!.accuracy.value, 10);
    expect(logLoss, variant).toBeCloseTo(metrics.models[variant]!.logLoss.value, 5);
    expect(history.every(({ heldOut }) => heldOut !== undefined)).toBe(true);
  }
}

/**
 * Runs a task that is stopped again and again, each time after some reports, until it is done.
 * @returns how often it was stopped.
 */
export async function runWithStops(
  task: (context: Context) => Promise<unknown>,
  reportsBetween: number,
): Promise<number> {
  for (let stops = 0; stops < 1000; stops++) {
    const stop = new AbortController();
    let reports = 0;
    const report = () => {
      if (++reports > reportsBetween) stop.abort();
    };
    const error = await task({ signal: stop.signal, report }).then(
      () => undefined,
      (thrown: Error) => thrown,
    );
    if (!error) return stops;
    expect(error.name, error.stack).toBe('InterruptedError');
  }
  throw new Error('the task gets no further');
}
