import { describeFailure, type Failure } from '../run/failure-file.ts';
import type { Attempt, DescribedExecution } from './executions.ts';

/** Describes why an execution did not succeed, from Step Functions' own fields. */
export function failureOf({ run, arn, status, error, cause }: Attempt): Failure {
  // An aborted execution may have a cause, too: the one passed to `stopExecution`.
  return describeFailure({ run, execution: arn }, error ?? status, cause || messageOf(status));
}

function messageOf(status: DescribedExecution['status']): string {
  if (status === 'ABORTED') return 'it was stopped';
  if (status === 'TIMED_OUT') return 'it took longer than the workflow allows';
  return 'Step Functions reports no cause';
}
