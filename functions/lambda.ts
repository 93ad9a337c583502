/**
 * Entry point of every function on Lambda; the variable TASK names the function. Logs, metrics and
 * traces contain the names of runs, shards and students, counts and times. They contain no example,
 * id, label or key of an object, so that no error leaves here with its own message.
 */
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { Tracer } from '@aws-lambda-powertools/tracer';
import type { Context as LambdaContext } from 'aws-lambda';
import { z } from 'zod';
import { watchExecution } from '../src/aws/watch-execution.ts';
import { shardsAtOnce } from '../src/cost/functions.ts';
import { recordUsage } from '../src/cost/usage.ts';
import { UserError } from '../src/errors.ts';
import type { Context, DeploymentLimits } from '../src/run/context.ts';
import { hideMessage, withMessage } from '../src/run/hidden-message.ts';
import {
  type EndpointName,
  type StageName,
  stages,
  type TriggerName,
} from '../src/stages/index.ts';
import type { Stage } from '../src/stages/stage.ts';
import { namesOf } from '../src/table.ts';
import { functionHint, readEnvironment } from './environment.ts';

type FunctionName = StageName | TriggerName | EndpointName;

const functions: Record<FunctionName, Pick<Stage, 'load' | 'resumes'> & { title?: string }> = {
  ...stages,
  Start: { load: async () => (await import('./start.ts')).createStartHandler() },
  Follow: { load: async () => (await import('./follow.ts')).createFollowHandler() },
  Sweep: { load: async () => (await import('./sweep.ts')).createSweepHandler() },
  Announce: { load: async () => (await import('./announce.ts')).createAnnounceHandler() },
  Serve: { load: async () => (await import('./serve.ts')).createServeHandler() },
};

const environment = readEnvironment(
  z.object({
    TASK: z.enum(namesOf(functions)),
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: z.coerce.number(),
    AWS_REGION: z.string().min(1),
    TRAINER: z.enum(['gpu', 'function']).default('function'),
    BUDGET_USD: z.coerce.number().positive().optional(),
    BUDGET_PER_DAY_USD: z.coerce.number().positive().optional(),
    BUDGET_PER_MONTH_USD: z.coerce.number().positive().optional(),
    CONCURRENCY: z.coerce.number().int().positive().optional(),
  }),
  functionHint,
);
const task = environment.TASK;
const { load, resumes, title = task } = functions[task];

/** Time that a task has to keep what it did, before its function is killed. */
const savingMs = 30_000;

/** Ids in an event, by which its log lines are found. */
const ids = z.object({
  run: z.string().optional(),
  results: z.string().optional(),
  execution: z.string().optional(),
  shard: z.object({ id: z.string() }).optional(),
  variant: z.string().optional(),
});

// An error that no code catches is logged by the runtime, after these listeners.
process.on('uncaughtExceptionMonitor', hideInPlace);
if (process.listenerCount('unhandledRejection') > 0) {
  process.prependListener('unhandledRejection', hideInPlace);
}

const logger = new Logger();
const metrics = new Metrics({ defaultDimensions: { task } });
// A trace of each request to S3 would have the key of the object.
const tracer = new Tracer({ captureHTTPsRequests: false });
// The code of the stage only. TensorFlow is loaded in the first call: Lambda breaks off a start of
// more than ten seconds, and repeats it.
const stage = await load();
/**
 * The first call is billed from the start of the process, which is also the origin of
 * `performance.now()`.
 */
let isFirstCall = true;

export async function handler(event: unknown, lambda: LambdaContext): Promise<unknown> {
  try {
    return await handle(event, lambda);
  } catch (error) {
    throw await hideMessage(error, { stage: title, ...ids.safeParse(event).data });
  }
}

async function handle(event: unknown, lambda: LambdaContext): Promise<unknown> {
  const { run, results, execution, shard, variant } = ids.parse(event);
  logger.addContext(lambda);
  logger.resetKeys();
  logger.appendKeys({ task, run, shard: shard?.id, variant });
  logger.info('The task begins'); // The only line of a process that is killed.
  const startedAt = isFirstCall ? 0 : performance.now();
  isFirstCall = false;
  const stop = new AbortController();
  const deadline = setTimeout(() => stop.abort(tooLong()), timeToWork(lambda));
  const watch = execution && resumes ? watchExecution(execution, stop) : undefined;
  let examples = 0;
  const context: Context = {
    signal: stop.signal,
    deployment: await deploymentLimits(),
    report(progress) {
      if (progress.unit === 'examples') examples = progress.done ?? examples;
      if (progress.level === 'warning') logger.warn('The stage warns');
    },
  };
  try {
    return await traced(run, () => stage(event, context));
  } catch (error) {
    const name = error instanceof Error ? error.name : 'Error';
    if (name === 'InterruptedError') logger.info('The task has to be called again');
    else logger.error('The task failed', { error: name });
    throw error;
  } finally {
    clearTimeout(deadline);
    watch?.stop();
    const ms = Math.ceil(performance.now() - startedAt);
    logger.info('The task ended', { ms, examples });
    metrics.addMetric('Duration', MetricUnit.Milliseconds, ms);
    if (examples > 0) metrics.addMetric('Examples', MetricUnit.Count, examples);
    metrics.publishStoredMetrics();
    if (run && results) {
      const resource = `lambda-${environment.AWS_LAMBDA_FUNCTION_MEMORY_SIZE}`;
      const usage = { task, resource, ms, id: lambda.awsRequestId };
      await recordUsage(results, run, usage).catch(() => logger.warn('No usage was recorded'));
    }
  }
}

/** Returns the limits that Plan applies. Only its function may read the account's limit. */
async function deploymentLimits(): Promise<DeploymentLimits> {
  const { TRAINER: trainer, BUDGET_USD: budgetUsd, CONCURRENCY: wanted } = environment;
  const { BUDGET_PER_DAY_USD: perDayUsd, BUDGET_PER_MONTH_USD: perMonthUsd } = environment;
  if (task !== stages.Plan.name) return { trainer, budgetUsd };
  const { unreservedConcurrency } = await import('../src/aws/concurrency.ts');
  const allowed = await unreservedConcurrency().catch((error: Error) => {
    logger.warn("The account's limit of functions could not be read", { error: error.name });
    return undefined;
  });
  const concurrency = shardsAtOnce(wanted, allowed);
  return { trainer, budgetUsd, perDayUsd, perMonthUsd, concurrency };
}

/** Returns the time for work. Saving has a fifth of a short function's time, or half a minute. */
function timeToWork(lambda: LambdaContext): number {
  const remainingMs = lambda.getRemainingTimeInMillis();
  return remainingMs - Math.min(savingMs, remainingMs / 5);
}

/** Makes the error of a deadline. A trainer catches it, writes a checkpoint and is called again. */
function tooLong(): UserError {
  return new UserError(
    'the task exceeded the time limit of a function',
    'Reduce its work: data.shardMiB for Label and Weigh, the test set for Evaluate.',
  );
}

/** Runs `work` in a subsegment of the trace that can be found by the run. */
async function traced<Result>(
  run: string | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  const segment = tracer.getSegment();
  const subsegment = segment?.addNewSubsegment(`## ${task}`);
  if (subsegment) tracer.setSegment(subsegment);
  tracer.annotateColdStart();
  if (run) tracer.putAnnotation('run', run);
  try {
    return await work();
  } finally {
    subsegment?.close();
    if (segment) tracer.setSegment(segment);
  }
}

/** Replaces the message of an error, and removes its other fields. */
function hideInPlace(error: unknown): void {
  if (!(error instanceof Error)) return;
  const { message, stack } = withMessage(error, 'the message is hidden: it may quote data');
  for (const field of Object.keys(error)) Reflect.deleteProperty(error, field);
  for (const [field, value] of Object.entries({ message, stack, cause: undefined })) {
    Object.defineProperty(error, field, { value, configurable: true });
  }
}
