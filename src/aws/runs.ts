import { setTimeout as delay } from 'node:timers/promises';
import { UserError } from '../errors.ts';
import { nearest } from '../nearest.ts';
import { type Attempt, type ListedExecution, listExecutions, newestAttempt } from './executions.ts';

/** Lists the newest execution of each of the newest runs, the newest first. */
export async function newestRuns(machine: string, limit: number): Promise<ListedExecution[]> {
  const runs = new Map<string, ListedExecution>();
  // Step Functions lists the newest first; LocalStack does not.
  const executions = (await listExecutions(machine)).toSorted(
    (a, b) => b.startedAt.getTime() - a.startedAt.getTime(),
  );
  for (const execution of executions) {
    if (runs.size === limit) break;
    if (!runs.has(execution.run)) runs.set(execution.run, execution);
  }
  return [...runs.values()];
}

/** Interval between checks for the start of a run, in ms. */
const lookEveryMs = 1_000;

/**
 * Finds a run's newest execution.
 * @param startsWithinMs maximum wait for a run that is about to start, in ms.
 * @throws UserError that suggests the nearest name, if Step Functions has no such run.
 */
export async function findRun(machine: string, run: string, startsWithinMs = 0): Promise<Attempt> {
  // Step Functions refuses text that cannot be a name; here it is a mistyped run.
  for (let waitedMs = 0; isRunName(run); waitedMs += lookEveryMs) {
    const attempt = await newestAttempt(machine, run);
    if (attempt) return attempt;
    if (waitedMs >= startsWithinMs) break;
    await delay(lookEveryMs);
  }
  throw await unknownRun(machine, run);
}

/** Returns whether a text can be the name of a run. */
export function isRunName(text: string): boolean {
  return /^[a-z0-9-]{1,80}$/.test(text);
}

/** Creates the error for a run that does not exist, suggesting the nearest name. */
export async function unknownRun(machine: string, run: string): Promise<UserError> {
  const known = (await listExecutions(machine)).map((execution) => execution.run);
  const meant = nearest(run, known);
  return new UserError(
    `there is no run ${JSON.stringify(run)}`,
    `${meant === undefined ? '' : `Did you mean ${meant}? `}` +
      'The newest runs are listed by: counterweight status',
  );
}
