import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { openStepFunctions } from './executions.ts';

/** Ends an execution; its tasks are not retried any more. @param cause what its status will say. */
export async function stopExecution(arn: string, cause: string): Promise<void> {
  await openStepFunctions().send(new StopExecutionCommand({ executionArn: arn, cause }));
}
