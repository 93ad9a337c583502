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

/** Processes at once. */
const workers = 2;

/** Limits of the simulated deployment, in US dollars. */
export const limits = { perDayUsd: 40, perMonthUsd: 60 };

/** The code of each stage, by name. */
export type StageCode = Readonly<Record<StageName, Pick<Stage, 'load' | 'resumes'>>>;

/** One execution. */
export interface Execution {
  /** Calls of each task, by stage, shard and student. */
  readonly calls: Map<string, number>;
  /** Calls of each task that were stopped before their first step. */
  readonly stalled: Map<string, number>;
  /** Shards that Label labeled, and did not find labeled. */
  labeled: number;
  /** Calls that have not ended. After a failure, those of the same time continue. */
  open: number;
}

export function newExecution(): Execution {
  return { calls: new Map(), stalled: new Map(), labeled: 0, open: 0 };
}

/**
 * Runs an execution to its end.
 *
 * @param code The code of the stages.
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
  const machine = readWorkflow();
  const handlers = prepareWorkflow(
    machine,
    (task, event) => {
      execution.open++;
      const call = async () => {
        const name = nameOf(task, event);
        count(execution.calls, name);
        const { load, resumes } = code[task];
        const isStopped = isStalled && resumes !== undefined;
        const deadline = new AbortController();
        if (isStopped) deadline.abort();
        const context = contextOf(world, deadline, resumes !== undefined);
        const work = async () => z.json().parse((await (await load())(event, context)) ?? null);
        const result = await world.start(work).catch((error: Error) => {
          const isLate = ['InterruptedError', 'StalledError'].includes(error.name);
          if (isStopped && isLate) count(execution.stalled, name);
          throw defect === 'endless-calls' ? withoutStall(error) : error;
        });
        if (task === 'Plan' && defect === 'double-count') await reserveAgain(job, execution);
        if (task === 'Label' && result === 1) execution.labeled++;
        if (world.faults.happens('lost result')) throw new TransientError('the result was lost');
        return result;
      };
      return inSlot(call).finally(() => execution.open--);
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

/** Parts of an event that tell the tasks of a stage apart. */
const taskSchema = z.object({
  shard: z.object({ id: z.string() }).optional(),
  variant: z.string().optional(),
});

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
