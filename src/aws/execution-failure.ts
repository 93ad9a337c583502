import { describeFailure, type Failure } from '../run/failure-file.ts';
import { readCause } from '../run/hidden-message.ts';
import type { ObjectStore } from '../store/store.ts';
import type { Attempt, DescribedExecution } from './executions.ts';

/**
 * Describes why an execution did not succeed, from Step Functions' own fields, and from the message
 * that the failed task has stored.
 */
export async function failureOf(
  results: ObjectStore,
  { run, arn, status, error, cause }: Attempt,
): Promise<Failure> {
  // An aborted execution may have a cause, too: the one passed to `stopExecution`.
  const found = await readCause(results, run, cause || messageOf(status));
  return describeFailure({ run, execution: arn }, error ?? status, found);
}

function messageOf(status: DescribedExecution['status']): string {
  if (status === 'ABORTED') return 'it was stopped';
  if (status === 'TIMED_OUT') return 'it took longer than the workflow allows';
  return 'Step Functions reports no cause';
}
