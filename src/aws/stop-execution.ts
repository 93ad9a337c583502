import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { openStepFunctions } from './executions.ts';

/** Ends an execution; its tasks are no longer retried. @param cause text shown in its status. */
export async function stopExecution(arn: string, cause: string): Promise<void> {
  await openStepFunctions().send(new StopExecutionCommand({ executionArn: arn, cause }));
}
