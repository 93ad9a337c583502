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
import { TransientError } from '../../src/errors.ts';
import type { Context } from '../../src/run/context.ts';
import type { JobEvent } from '../../src/run/events.ts';
import { keys } from '../../src/run/keys.ts';
import { readManifest } from '../../src/run/objects-file.ts';
import { planSchema } from '../../src/run/plan-file.ts';
import { type StageName, stages } from '../../src/stages/index.ts';
import { readJson } from '../../src/store/once.ts';
import { openStore } from '../../src/store/open.ts';
import type { Defect } from './defects.ts';
import type { World } from './world.ts';

/** Processes at once. */
const workers = 2;

/** Limits of the simulated deployment, in US dollars. */
export const limits = { perDayUsd: 40, perMonthUsd: 60 };

/** One execution. */
export interface Execution {
  /** Calls of each task, by stage, shard and student. */
  readonly calls: Map<string, number>;
  /** Shards that Label labeled, and did not find labeled. */
  labeled: number;
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
  execution: Execution,
  defect?: Defect,
): Promise<void> {
  const inSlot = createSlots(workers);
  const machine = readWorkflow();
  const handlers = prepareWorkflow(
    machine,
    (task, event) =>
      inSlot(async () => {
        count(execution, task, event);
        const result = await world.start(() => call(world, task, event));
        if (task === 'Plan' && defect === 'double-count') await reserveAgain(job, execution);
        if (task === 'Label' && result === 1) execution.labeled++;
        if (world.faults.happens('lost result')) throw new TransientError('the result was lost');
        return result;
      }),
    async (bucket, key) => readManifest(await openStore(`s3://${bucket}`), key),
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

function count({ calls }: Execution, task: StageName, event: Json): void {
  const { shard, variant } = taskSchema.parse(event);
  const name = [task, shard?.id ?? variant].filter(Boolean).join(' ');
  calls.set(name, (calls.get(name) ?? 0) + 1);
}

/** Calls a stage as a function on AWS does. */
async function call(world: World, task: StageName, event: Json): Promise<Json> {
  const stage = await stages[task].load();
  const deadline = new AbortController();
  const context: Context = {
    signal: deadline.signal,
    deployment: { trainer: 'function', budgetUsd: undefined, ...limits },
    report() {
      if (stages[task].resumes && world.faults.happens('deadline of a function')) deadline.abort();
    },
  };
  return z.json().parse((await stage(event, context)) ?? null);
}

/** Plants `double-count`: a repeated call of Plan reserves under another name. */
async function reserveAgain({ run, results }: JobEvent, { calls }: Execution): Promise<void> {
  const repeated = calls.get('Plan')! - 1;
  if (repeated === 0) return;
  const store = await openStore(results);
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
