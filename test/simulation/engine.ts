/**
 * An execution of the workflow in a simulated world: the real file, the real interpreter and the
 * real stages. Only the processes are simulated, in place of `src/engines/pool.ts`.
 */
import { z } from 'zod';
import { reserveSpend } from '../../src/cost/spend.ts';
import { interpret } from '../../src/engines/interpreter.ts';
import {
  type Json,
  type Machine,
  prepareWorkflow,
  readWorkflow,
} from '../../src/engines/workflow.ts';
import { InterruptedError, TransientError } from '../../src/errors.ts';
import type { Context } from '../../src/run/context.ts';
import type { JobEvent } from '../../src/run/events.ts';
import { keys } from '../../src/run/keys.ts';
import { readManifest } from '../../src/run/objects-file.ts';
import { planSchema } from '../../src/run/plan-file.ts';
import type { StageName } from '../../src/stages/index.ts';
import type { Stage } from '../../src/stages/stage.ts';
import { readJson } from '../../src/store/once.ts';
import { openStore } from '../../src/store/open.ts';
import type { Defect } from './defects.ts';
import type { World } from './world.ts';

/** Maximum number of processes at the same time. */
const workers = 2;

/** Limits of the simulated deployment, in US dollars. */
export const limits = { perDayUsd: 40, perMonthUsd: 60 };

/** The code of each stage, by name. */
export type StageCode = Readonly<Record<StageName, Pick<Stage, 'load' | 'resumes'>>>;

/** One execution. */
export interface Execution {
  /** Number of calls of each task, by stage, shard and student. */
  readonly calls: Map<string, number>;
  /** Number of calls of each task that were stopped before their first step. */
  readonly stalled: Map<string, number>;
  /** Number of shards that Label has labeled, without those that had labels. */
  labeled: number;
  /** Calls that have not ended: after a failure, concurrent calls continue. */
  open: number;
}

export function newExecution(): Execution {
  return { calls: new Map(), stalled: new Map(), labeled: 0, open: 0 };
}

/** Parts of a simulated execution that its calls need. */
interface Setting {
  readonly world: World;
  readonly job: JobEvent;
  readonly code: StageCode;
  readonly execution: Execution;
  readonly defect: Defect | undefined;
  /** Whether every call of a stage that resumes is stopped before its first step. */
  readonly isStalled: boolean;
}

/**
 * Runs an execution to its end.
 *
 * @param execution Receives the calls.
 * @throws the error of the task that failed.
 */
export async function execute(
  world: World,
  job: JobEvent,
  code: StageCode,
  execution: Execution,
  defect?: Defect,
): Promise<void> {
  const inSlot = createSlots(workers);
  const isStalled = world.faults.happens('training without progress');
  const setting: Setting = { world, job, code, execution, defect, isStalled };
  const machine = readWorkflow();
  const handlers = prepareWorkflow(
    machine,
    (task, event) => {
      execution.open++;
      return inSlot(() => call(setting, task, event)).finally(() => execution.open--);
    },
    async (bucket, key) => {
      const location = job.results.startsWith('s3://') ? `s3://${bucket}` : bucket;
      return readManifest(await openStore(location, 'time'), key);
    },
  );
  if (defect === 'lost-retry') forgetRetries(machine);
  const { until, ...rest } = job;
  await interpret(machine, { ...rest, ...(until && { until }) }, handlers).result;
}

/** Calls a stage in a process of its own. The call is counted, and may lose its result. */
async function call(setting: Setting, task: StageName, event: Json): Promise<Json> {
  const { world, job, execution, defect } = setting;
  count(execution.calls, nameOf(task, event));
  const result = await runStage(setting, task, event);
  if (task === 'Plan' && defect === 'double-count') await reserveAgain(job, execution);
  if (task === 'Label' && result === 1) execution.labeled++;
  if (world.faults.happens('lost result')) throw new TransientError('the result was lost');
  return result;
}

/** Runs the code of a stage with a deadline, which has passed already if the stage is stalled. */
async function runStage(setting: Setting, task: StageName, event: Json): Promise<Json> {
  const { world, code, execution, defect } = setting;
  const { load, resumes } = code[task];
  const isStopped = setting.isStalled && resumes !== undefined;
  const deadline = new AbortController();
  if (isStopped) deadline.abort();
  const context = contextOf(world, deadline, resumes !== undefined);
  const work = async () => z.json().parse((await (await load())(event, context)) ?? null);
  return world.start(work).catch((error: Error) => {
    const isInterrupted = ['InterruptedError', 'StalledError'].includes(error.name);
    if (isStopped && isInterrupted) count(execution.stalled, nameOf(task, event));
    throw defect === 'endless-calls' ? withoutStall(error) : error;
  });
}

/** Parts of an event that distinguish the tasks of a stage. */
const taskSchema = z.object({
  shard: z.object({ id: z.string() }).optional(),
  variant: z.string().optional(),
});

/** Returns the name of a task, such as `Label 0a1b`. */
function nameOf(task: StageName, event: Json): string {
  const { shard, variant } = taskSchema.parse(event);
  return [task, shard?.id ?? variant].filter(Boolean).join(' ');
}

function count(calls: Map<string, number>, name: string): void {
  calls.set(name, (calls.get(name) ?? 0) + 1);
}

/** Makes the context of a function on AWS. */
function contextOf(world: World, deadline: AbortController, resumes: boolean): Context {
  return {
    signal: deadline.signal,
    deployment: { trainer: 'function', budgetUsd: undefined, ...limits },
    report() {
      if (resumes && world.faults.happens('deadline of a function')) deadline.abort();
    },
  };
}

/** Plants `endless-calls`. */
function withoutStall(error: Error): Error {
  return error.name === 'StalledError' ? new InterruptedError(error.message) : error;
}

/** Plants `double-count`: a repeated call of Plan reserves under another name. */
async function reserveAgain({ run, results }: JobEvent, { calls }: Execution): Promise<void> {
  const repeated = calls.get('Plan')! - 1;
  if (repeated === 0) return;
  const store = await openStore(results);
  if (!(await store.head(keys.plan(run)))) return; // A tiny run.
  const { estimate } = await readJson(store, keys.plan(run), planSchema);
  const { totalUsd } = estimate.bill;
  await reserveSpend(store, { run: `${run} again ${repeated}`, totalUsd }, limits);
}

/** Plants `lost-retry`. */
function forgetRetries({ States }: Machine): void {
  for (const state of Object.values(States)) {
    delete state.Retry;
    if (state.ItemProcessor) forgetRetries(state.ItemProcessor);
  }
}

/** Runs at most `count` tasks at once; the others wait for their turn. */
function createSlots(count: number): <T>(task: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let free = count;
  return async (task) => {
    if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    else free--;
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}
