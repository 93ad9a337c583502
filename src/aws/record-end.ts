import { TransientError } from '../errors.ts';
import { clearFailure, writeFailure } from '../run/failure-file.ts';
import { openStore } from '../store/open.ts';
import type { ExecutionEnd } from './announcements.ts';
import { failureOf } from './execution-failure.ts';
import { type Attempt, isOpen, newestAttempt, runOf } from './executions.ts';

/** Parts of the end of an execution that identify it. */
type End = Pick<ExecutionEnd, 'executionArn' | 'name' | 'redriveCount'>;

/**
 * Records how a run ended: why it failed, or that it has succeeded since.
 *
 * Reads the newest execution of the run as it is now. An event that is late or arrives twice, also
 * one of an execution that was redriven since, therefore records nothing wrong.
 *
 * @param results Location of all runs' results.
 * @throws TransientError if Step Functions still reports the execution as running.
 */
export async function recordEnd(machine: string, end: End, results: string): Promise<void> {
  const newest = await readEnd(machine, end);
  if (!newest || isOpen(newest.status)) return;
  const store = await openStore(results, 'time');
  if (newest.status === 'SUCCEEDED') await clearFailure(store, newest.run);
  else await writeFailure(store, await failureOf(store, newest));
}

/**
 * Reads the newest execution of a run, after the event of an end. It may run: a later execution, or
 * the same one, redriven.
 *
 * @throws TransientError if Step Functions is behind the event, and still reports it as running.
 */
export async function readEnd(machine: string, end: End): Promise<Attempt | undefined> {
  const newest = await newestAttempt(machine, runOf(end.name));
  if (newest && isOpen(newest.status) && newest.arn === end.executionArn) {
    if (newest.redriveCount <= end.redriveCount) {
      throw new TransientError(`${end.name} has ended, and is reported as running`);
    }
  }
  return newest;
}
