/**
 * Program of the GPU trainer's container: trains one student, then ends. AWS Batch starts it with
 * the event of the Train task in its environment. The training runs in a worker process, as in the
 * embedded engine. This process can therefore still act when a training step hangs.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@aws-lambda-powertools/logger';
import { z } from 'zod';
import { findInstance, type Instance, watchReclaim } from '../src/aws/instance.ts';
import { recordUsage } from '../src/cost/usage.ts';
import { createPool } from '../src/engines/pool.ts';
import type { DeathAdvice } from '../src/engines/worker-death.ts';
import { InterruptedError, TransientError, UserError } from '../src/errors.ts';
import type { Progress } from '../src/run/context.ts';
import type { VariantEvent } from '../src/run/events.ts';
import { attemptId } from '../src/run/failure-cause.ts';
import { hideMessage } from '../src/run/hidden-message.ts';
import { stages } from '../src/stages/index.ts';
import { readEnvironment } from './environment.ts';

/** Exit codes on which AWS Batch decides to retry. */
const exitCodes = {
  done: 0,
  failed: 1,
  /** EX_TEMPFAIL of sysexits.h: results so far are kept, and another attempt resumes from them. */
  tryAgain: 75,
};

const logIntervalMs = 30_000;

/** Advice if the process that trains dies. Its memory is that of the machine. */
const resume = 'Start the run again: it continues from the last checkpoint.';
const lessMemory = `${resume} A smaller batchSize in distill.yaml needs less memory; it makes a new run, which reuses the labels.`;
const advice: DeathAdvice = { resume, lessMemory, largerHeap: lessMemory };

const variables = z.object({
  RUN: z.string().min(1),
  DATASET: z.string().min(1),
  RESULTS: z.string().min(1),
  VARIANT: z.string().min(1),
  EXECUTION: z.string().default(''),
  /** Training without a step for this long is considered hung. */
  STALL_MINUTES: z.coerce.number().positive().default(30),
  AWS_BATCH_JOB_ID: z.string().default(() => randomUUID()),
  AWS_BATCH_JOB_ATTEMPT: z.string().default('1'),
  AWS_REGION: z.string().min(1).optional(),
});
/** The SDK has no default region. Without this check, the job would fail at its first request. */
const environment = variables.refine(
  ({ DATASET, RESULTS, AWS_REGION }) =>
    AWS_REGION !== undefined || ![DATASET, RESULTS].some((location) => location.startsWith('s3:')),
  { path: ['AWS_REGION'] },
);
const hint =
  'AWS Batch sets RUN, DATASET, RESULTS and VARIANT by infra/workflow.asl.json, and AWS_REGION by ' +
  'the job definition. By hand: RUN is the name of a folder of runs/ in the results, and VARIANT ' +
  "one of its plan's variants.";
type Environment = z.infer<typeof environment>;

const logger = new Logger({ serviceName: 'counterweight' });
const job = startJob();
process.exitCode = job ? await runJob(job) : exitCodes.failed;

/** Reads the environment. The message of a mistake names variables only, so that it is logged. */
function startJob(): Environment | undefined {
  try {
    return readEnvironment(environment, hint);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const errorMessage = `${error.message}\n\n${error.hint}`;
    logger.error('The job failed', { errorType: error.name, errorMessage });
    return undefined;
  }
}

/** @returns the exit code. */
async function runJob(job: Environment): Promise<number> {
  try {
    await trainJob(job);
    return exitCodes.done;
  } catch (error) {
    return fail(error, job);
  }
}

async function trainJob(job: Environment): Promise<void> {
  logger.appendKeys({ task: stages.Train.name, run: job.RUN, variant: job.VARIANT });
  const stop = new AbortController();
  const terminated = new AbortController();
  const terminate = () => {
    stop.abort(new InterruptedError('the job received a signal to stop'));
    terminated.abort();
  };
  process.on('SIGTERM', terminate).on('SIGINT', terminate);
  const instance = await findInstance();
  logger.info('The job starts', { attempt: job.AWS_BATCH_JOB_ATTEMPT, ...instance });
  let reclaimedAt: Date | undefined;
  const reclaim = (at: Date) => {
    reclaimedAt = at;
    stop.abort(new InterruptedError(`AWS reclaims the Spot instance at ${at.toISOString()}`));
  };
  const watch = instance?.lifeCycle === 'spot' ? watchReclaim(reclaim) : undefined;
  try {
    await train(job, stop).finally(() => instance && recordInstance(job, instance));
    logger.info('The student is trained');
  } catch (error) {
    if (reclaimedAt) await hold(reclaimedAt, terminated.signal);
    throw error;
  } finally {
    watch?.stop();
    process.off('SIGTERM', terminate).off('SIGINT', terminate);
  }
}

/** Trains until all is done or `stop` is aborted. Aborts `stop` itself if the training hangs. */
async function train(job: Environment, stop: AbortController): Promise<void> {
  stop.signal.throwIfAborted();
  const stallMs = job.STALL_MINUTES * 60_000;
  // The checkpoint is kept, and another machine may not hang.
  const hung = new TransientError(`the training made no step for ${job.STALL_MINUTES} minutes`);
  const stall = setTimeout(() => stop.abort(hung), stallMs);
  const log = logSometimes();
  const onProgress = (progress: Progress) => {
    stall.refresh();
    log(progress);
  };
  const pool = createPool({ size: 1, onProgress, advice });
  stop.signal.addEventListener('abort', () => {
    logger.warn('The job stops', { why: stop.signal.reason.message });
    void pool.stop();
  });
  const { RUN: run, DATASET: dataset, RESULTS: results, EXECUTION: execution } = job;
  const event: VariantEvent = { run, dataset, results, execution, variant: job.VARIANT };
  try {
    await pool.invoke(stages.Train.name, event);
  } catch (error) {
    throw stop.signal.reason === hung ? hung : error;
  } finally {
    clearTimeout(stall);
    await pool.stop();
  }
}

function logSometimes(): (progress: Progress) => void {
  let loggedAtMs = -logIntervalMs;
  return ({ done, total, level }) => {
    // The messages of the stage may quote data: the report has them.
    if (level === 'warning') logger.warn('The stage warns');
    const nowMs = performance.now();
    if (done === undefined || nowMs - loggedAtMs < logIntervalMs) return;
    loggedAtMs = nowMs;
    logger.info('Steps', { done, total });
  };
}

async function recordInstance(job: Environment, { type, lifeCycle }: Instance): Promise<void> {
  const usage = {
    task: stages.Train.name,
    resource: `${type}-${lifeCycle}`,
    ms: process.uptime() * 1000,
    id: `${job.AWS_BATCH_JOB_ID}.${job.AWS_BATCH_JOB_ATTEMPT}`,
  };
  await recordUsage(job.RESULTS, job.RUN, usage).catch(() => logger.warn('No usage was recorded'));
}

/**
 * Waits until the instance is gone, or until the job receives a signal. AWS Batch starts the next
 * attempt on any free instance, which would be the reclaimed instance.
 */
async function hold(until: Date, terminated: AbortSignal): Promise<void> {
  logger.info('The job stays until the instance goes', { until: until.toISOString() });
  const leftMs = Math.max(0, until.getTime() - Date.now());
  await delay(leftMs, undefined, { signal: terminated }).catch(() => {});
}

/**
 * Logs that the job failed, and stores why: Step Functions gets no message from AWS Batch.
 *
 * @returns the exit code.
 */
async function fail(thrown: unknown, job: Environment): Promise<number> {
  const id = attemptId(job.AWS_BATCH_JOB_ID, job.AWS_BATCH_JOB_ATTEMPT);
  const { title: stage } = stages.Train;
  const thrower = { stage, run: job.RUN, results: job.RESULTS, id };
  const { name, message, stack = '' } = await hideMessage(thrown, thrower);
  const facts = { errorType: name, errorMessage: message };
  if (name === InterruptedError.name || name === TransientError.name) {
    logger.warn('Another attempt can resume the job', facts);
    return exitCodes.tryAgain;
  }
  const isMistake = name === UserError.name;
  logger.error('The job failed', {
    ...facts,
    ...(isMistake ? {} : { stackTrace: stack.split('\n').slice(1) }),
  });
  return exitCodes.failed;
}
