/**
 * The program of the GPU trainer's container: trains one student, then ends. AWS Batch starts it
 * with the event of the Train task in its environment. The training runs in a worker process, as in
 * the embedded engine, so that this one still acts when a step of the training hangs.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@aws-lambda-powertools/logger';
import { z } from 'zod';
import { findInstance, type Instance, watchReclaim } from '../src/aws/instance.ts';
import { recordUsage } from '../src/cost/usage.ts';
import { createPool } from '../src/engines/pool.ts';
import { InterruptedError, TransientError, UserError } from '../src/errors.ts';
import type { Progress } from '../src/run/context.ts';
import type { VariantEvent } from '../src/run/events.ts';

/** What AWS Batch decides by whether it makes another attempt. */
const exitCodes = {
  done: 0,
  failed: 1,
  /** EX_TEMPFAIL of sysexits.h: what was done is kept, and another attempt goes on from there. */
  tryAgain: 75,
};

const logIntervalMs = 30_000;

const environment = z.object({
  RUN: z.string().min(1),
  DATASET: z.string().min(1),
  RESULTS: z.string().min(1),
  VARIANT: z.string().min(1),
  EXECUTION: z.string().default(''),
  /** A training that does no step for so long is taken to hang. */
  STALL_MINUTES: z.coerce.number().positive().default(30),
  AWS_BATCH_JOB_ID: z.string().default(() => randomUUID()),
  AWS_BATCH_JOB_ATTEMPT: z.string().default('1'),
});
type Environment = z.infer<typeof environment>;

const logger = new Logger({ serviceName: 'counterweight' });
try {
  await trainJob(readEnvironment());
  process.exitCode = exitCodes.done;
} catch (error) {
  process.exitCode = fail(error);
}

/** @throws UserError that names every variable that is missing or wrong. */
function readEnvironment(): Environment {
  const parsed = environment.safeParse(process.env);
  if (parsed.success) return parsed.data;
  const names = parsed.error.issues.map(({ path }) => path.join('.')).join(', ');
  throw new UserError(
    `variables of the environment that are missing or wrong: ${names}`,
    'AWS Batch sets RUN, DATASET, RESULTS and VARIANT as infra/workflow.asl.json says. By hand: ' +
      "RUN is the name of a folder of runs/ in the results, and VARIANT one of its plan's variants.",
  );
}

async function trainJob(job: Environment): Promise<void> {
  logger.appendKeys({ task: 'Train', run: job.RUN, variant: job.VARIANT });
  const stop = new AbortController();
  const told = new AbortController();
  const terminate = () => {
    stop.abort(new InterruptedError('the job was told to stop'));
    told.abort();
  };
  process.on('SIGTERM', terminate).on('SIGINT', terminate);
  const instance = await findInstance();
  logger.info('The job starts', { attempt: job.AWS_BATCH_JOB_ATTEMPT, ...instance });
  let reclaimedAt: Date | undefined;
  const reclaim = (at: Date) => {
    reclaimedAt = at;
    stop.abort(new InterruptedError(`AWS takes the Spot instance back at ${at.toISOString()}`));
  };
  const watch = instance?.lifeCycle === 'spot' ? watchReclaim(reclaim) : undefined;
  try {
    await train(job, stop).finally(() => instance && recordInstance(job, instance));
    logger.info('The student is trained');
  } catch (error) {
    if (reclaimedAt) await hold(reclaimedAt, told.signal);
    throw error;
  } finally {
    watch?.stop();
    process.off('SIGTERM', terminate).off('SIGINT', terminate);
  }
}

/** Trains until all is done, or until `stop` is aborted, which it does itself when nothing happens. */
async function train(job: Environment, stop: AbortController): Promise<void> {
  stop.signal.throwIfAborted();
  const stallMs = job.STALL_MINUTES * 60_000;
  const hung = new Error(`the training did no step for ${job.STALL_MINUTES} minutes`);
  const stall = setTimeout(() => stop.abort(hung), stallMs);
  const log = logSometimes();
  const pool = createPool(1, (progress) => {
    stall.refresh();
    log(progress);
  });
  stop.signal.addEventListener('abort', () => {
    logger.warn('The job stops', { why: stop.signal.reason.message });
    void pool.stop();
  });
  const { RUN: run, DATASET: dataset, RESULTS: results, EXECUTION: execution } = job;
  const event: VariantEvent = { run, dataset, results, execution, variant: job.VARIANT };
  try {
    await pool.invoke('Train', event);
  } catch (error) {
    throw stop.signal.reason === hung ? hung : error;
  } finally {
    clearTimeout(stall);
    await pool.stop();
  }
}

function logSometimes(): (progress: Progress) => void {
  let loggedAtMs = -logIntervalMs;
  return ({ done, total, message }) => {
    const nowMs = performance.now();
    if (message === undefined && nowMs - loggedAtMs < logIntervalMs) return;
    loggedAtMs = nowMs;
    logger.info(message ?? 'Steps', { done, total });
  };
}

async function recordInstance(job: Environment, { type, lifeCycle }: Instance): Promise<void> {
  const usage = {
    task: 'Train',
    resource: `${type}-${lifeCycle}`,
    ms: process.uptime() * 1000,
    id: `${job.AWS_BATCH_JOB_ID}.${job.AWS_BATCH_JOB_ATTEMPT}`,
  };
  await recordUsage(job.RESULTS, job.RUN, usage).catch(() => logger.warn('No usage was recorded'));
}

/**
 * Stays until the instance goes, or until it is told to stop. Batch gives the next attempt to
 * whatever is free, and that would be the very instance that is about to go.
 */
async function hold(until: Date, told: AbortSignal): Promise<void> {
  logger.info('The job stays until the instance goes', { until: until.toISOString() });
  const leftMs = Math.max(0, until.getTime() - Date.now());
  await delay(leftMs, undefined, { signal: told }).catch(() => {});
}

/** Says why the job failed. @returns the exit code. */
function fail(error: unknown): number {
  if (!(error instanceof Error)) throw error;
  // By name, since an error that the worker process threw arrives as a plain Error with that name.
  const { name, stack = '' } = error;
  const hint = error instanceof UserError && error.hint ? `\n\n${error.hint}` : '';
  const facts = { errorType: name, errorMessage: error.message + hint };
  if (name === InterruptedError.name || name === TransientError.name) {
    logger.warn('The job can go on from here', facts);
    return exitCodes.tryAgain;
  }
  const isMistake = name === UserError.name;
  logger.error('The job failed', {
    ...facts,
    ...(isMistake ? {} : { stackTrace: stack.split('\n').slice(1) }),
  });
  return exitCodes.failed;
}
