import { TransientError } from '../errors.ts';
import { clearFailure, writeFailure } from '../run/failure-file.ts';
import { openStore } from '../store/open.ts';
import type { ExecutionEnd } from './announcements.ts';
import { failureOf } from './execution-failure.ts';
import { isOpen, newestAttempt, runOf } from './executions.ts';

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
  const newest = await newestAttempt(machine, runOf(end.name));
  if (!newest) return;
  if (isOpen(newest.status)) {
    // DescribeExecution may be a moment behind the event.
    const isBehind = newest.arn === end.executionArn && newest.redriveCount <= end.redriveCount;
    if (isBehind) throw new TransientError(`${end.name} has ended, and is reported as running`);
    return;
  }
  const store = await openStore(results, 'time');
  if (newest.status === 'SUCCEEDED') await clearFailure(store, newest.run);
  else await writeFailure(store, await failureOf(store, newest));
}
