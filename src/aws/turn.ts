/**
 * The turns of datasets: one run of a dataset at a time.
 *
 * A pointer names the execution whose turn it is. A turn whose execution is over is free, so that a
 * lost event, or a process that was killed, blocks no dataset.
 */
import { z } from 'zod';
import { keys } from '../run/keys.ts';
import { recordSchema } from '../run/plan-file.ts';
import { type StartedRun, startWaiting } from '../stages/start.ts';
import { readJson } from '../store/once.ts';
import { openStore } from '../store/open.ts';
import { readPointer, swapPointer } from '../store/pointer.ts';
import {
  attemptOf,
  datasetOfRun,
  describeExecution,
  executionArn,
  executionName,
  isOpen,
  newestAttempt,
  runOf,
  startExecution,
  type WantedRun,
} from './executions.ts';

/** An execution that has the turn: what it is started with. */
const holderSchema = z.strictObject({
  run: z.string(),
  dataset: z.string(),
  results: z.string(),
  until: z.literal('labels').optional(),
  attempt: z.int(),
  /** When it took the turn. */
  since: z.iso.datetime(),
});
type Holder = z.infer<typeof holderSchema>;

/** `turns/<dataset>.json`. */
export const turnSchema = z.strictObject({
  /** Absent: no run has the turn. */
  holder: holderSchema.optional(),
  /** Whether a batch was completed meanwhile: then a run follows. */
  waiting: z.boolean(),
});

/** Stands for a damaged pointer, which must block no dataset. */
const free: z.infer<typeof turnSchema> = { waiting: false };

/** Execution that wants the turn. */
export type WantedExecution = WantedRun & { readonly attempt: number };

/**
 * Takes the turn of a dataset for an execution, which the caller then starts.
 *
 * @param waits Whether a run of the complete batches follows if the turn is taken. Default: false.
 * @returns the run that has the turn; undefined if it is now the turn of `wanted`.
 */
export async function takeTurn(
  machine: string,
  wanted: WantedExecution,
  { waits = false } = {},
): Promise<{ readonly run: string } | undefined> {
  const { run, dataset, results, until, attempt } = wanted;
  const since = new Date().toISOString();
  const next: Holder = { run, dataset, results, ...(until && { until }), attempt, since };
  let busy: Holder | undefined;
  await swapPointer(
    await openStore(results, 'time'),
    keys.turn(datasetOfRun(run)),
    turnSchema,
    async (turn) => {
      busy = undefined;
      const holder = turn?.holder;
      if (!turn || !holder) return { holder: next, waiting: turn?.waiting ?? false };
      if (holder.run === run && holder.attempt === attempt) return undefined;
      if (!(await isHeld(machine, holder))) return { ...turn, holder: next };
      busy = holder;
      return waits && !turn.waiting ? { ...turn, waiting: true } : undefined;
    },
    free,
  );
  return busy;
}

/**
 * Starts the first execution of a run of complete batches. If another run of the dataset runs, the
 * batches wait for its end.
 *
 * @returns the run that they wait for; undefined if theirs was started, now or before.
 */
export async function startInTurn(
  machine: string,
  started: StartedRun,
): Promise<{ readonly run: string } | undefined> {
  const busy = await takeTurn(machine, { ...started, attempt: 1 }, { waits: true });
  if (!busy) await startExecution(machine, started);
  return busy;
}

/**
 * Returns the other run of a dataset whose end a run waits for; undefined if none runs.
 *
 * @param results Location of all runs' results.
 */
export async function runAhead(
  machine: string,
  results: string,
  run: string,
): Promise<string | undefined> {
  const store = await openStore(results, 'time');
  const key = keys.turn(datasetOfRun(run));
  if (!(await store.head(key))) return undefined;
  const { holder } = await readPointer(store, key, turnSchema, free);
  if (!holder || holder.run === run) return undefined;
  const name = executionName(holder.run, holder.attempt);
  const found = await describeExecution(executionArn(machine, name));
  return found && isOpen(found.status) ? holder.run : undefined;
}

/**
 * Passes the turn of a dataset on, if its execution is over: to a run of all complete batches, if
 * one waits and they have had no run yet.
 *
 * The pointer is written also if no run follows. A call of `takeTurn` that has seen the execution
 * run can then no longer leave its batch waiting: it starts over.
 *
 * @param results Location of all runs' results.
 * @param dataset Name of the dataset.
 * @returns the run that was started.
 */
export async function passTurn(
  machine: string,
  results: string,
  dataset: string,
): Promise<string | undefined> {
  let next: Holder | undefined;
  await swapPointer(
    await openStore(results, 'time'),
    keys.turn(dataset),
    turnSchema,
    async (turn) => {
      next = undefined;
      if (!turn?.holder || (await isHeld(machine, turn.holder))) return undefined;
      if (turn.waiting) next = await waitingRun(machine, turn.holder);
      return { ...(next && { holder: next }), waiting: false };
    },
    free,
  );
  if (next) await startExecution(machine, next, next.attempt);
  return next?.run;
}

/**
 * Takes the turn for an execution that runs without it, as after a redrive. If another run has the
 * turn, both run: nothing breaks, because every result is written once.
 */
export async function keepTurn(machine: string, results: string, name: string): Promise<void> {
  const run = runOf(name);
  const store = await openStore(results, 'time');
  if (!(await store.head(keys.record(run)))) return;
  const { dataset } = await readJson(store, keys.record(run), recordSchema);
  await takeTurn(machine, { run, dataset, results, attempt: attemptOf(name) });
}

/** Passes on the turns of all datasets: for those whose end was not reported. */
export async function passTurns(machine: string, results: string): Promise<string[]> {
  const started: string[] = [];
  const prefix = keys.turn('').replace(/\.json$/, '');
  for await (const { key } of (await openStore(results, 'time')).list(prefix)) {
    const run = await passTurn(machine, results, key.slice(prefix.length, -'.json'.length));
    if (run !== undefined) started.push(run);
  }
  return started;
}

/** Returns the run of the batches that wait; undefined if they have had one. */
async function waitingRun(
  machine: string,
  { dataset, results }: Holder,
): Promise<Holder | undefined> {
  const started = await startWaiting(dataset, results);
  if (!started || (await newestAttempt(machine, started.run))) return undefined;
  return { ...started, attempt: 1, since: new Date().toISOString() };
}

/** Time after which a process that took the turn has started its execution, or was killed. */
const startWithinMs = 24 * 3_600_000;

/**
 * Returns whether the execution that has the turn runs. If the process that took the turn was
 * killed before the start, starts it: its name makes this the same start.
 */
async function isHeld(machine: string, holder: Holder): Promise<boolean> {
  const name = executionName(holder.run, holder.attempt);
  const found = await describeExecution(executionArn(machine, name));
  if (found) return isOpen(found.status);
  // Step Functions forgets an execution after 90 days.
  if (Date.now() - Date.parse(holder.since) > startWithinMs) return false;
  await startExecution(machine, holder, holder.attempt);
  return true;
}
