import { UserError } from '../errors.ts';
import type { JobEvent } from '../run/events.ts';
import { keys } from '../run/keys.ts';
import { openStore } from '../store/open.ts';
import { newestAttempt, startExecution, type WantedRun } from './executions.ts';
import { takeTurn } from './turn.ts';

/** Result of starting or resuming a run. */
export interface StartOutcome {
  readonly state: 'started' | 'running' | 'done';
  readonly attempt: number;
  /** Last result of that execution; absent: all. */
  readonly until?: JobEvent['until'];
}

/**
 * Starts a run's first execution, or the next one if the newest failed, was aborted, or made only
 * labels and now students are wanted, or if a final result was removed since. Does nothing if the
 * newest is running or made everything.
 *
 * @throws UserError if another run of the dataset is running.
 */
export async function startOrResume(machine: string, started: WantedRun): Promise<StartOutcome> {
  const { until } = started;
  const newest = await newestAttempt(machine, started.run);
  const found = newest && { attempt: newest.attempt, ...(newest.until && { until: newest.until }) };
  if (found && newest.status === 'RUNNING') return { state: 'running', ...found };
  const isEnough = newest?.until === undefined || until === 'labels';
  if (found && newest.status === 'SUCCEEDED' && isEnough && (await hasResults(started))) {
    return { state: 'done', ...found };
  }
  const attempt = (newest?.attempt ?? 0) + 1;
  const busy = await takeTurn(machine, { ...started, attempt });
  if (busy) throw isBusy(busy.run);
  await startExecution(machine, started, attempt);
  return { state: 'started', attempt, ...(until && { until }) };
}

/** Returns whether the last results of the stages exist; damaged ones are removed by hand. */
async function hasResults({ run, results, until }: WantedRun): Promise<boolean> {
  const store = await openStore(results, 'time');
  const labeled = [keys.plan(run), keys.reconcile(run)];
  const trained = [keys.metrics(run), keys.documents(run), keys.publication(run)];
  const wanted = until === 'labels' ? labeled : [...labeled, ...trained];
  const found = await Promise.all(wanted.map((key) => store.head(key)));
  return !found.includes(undefined);
}

function isBusy(run: string): UserError {
  return new UserError(
    `run ${run} of the same dataset is running, and a dataset has one run at a time`,
    `Wait for its end: counterweight status ${run} --watch; or stop it: counterweight stop ${run}. ` +
      'Then run the same command again.',
  );
}
