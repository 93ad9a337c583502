import { Duration } from 'aws-cdk-lib';
import type { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';

/** EventBridge's maximum retry window; a lost marker would leave a batch unlabeled. */
export const delivery = { maxEventAge: Duration.hours(24), retryAttempts: 185 };

/**
 * Calls a function on each event of a rule. Events that neither EventBridge nor the function could
 * handle go to the queue.
 */
export function callOn(rule: Rule, handler: IFunction, deadLetterQueue: IQueue): void {
  rule.addTarget(new LambdaFunction(handler, { ...delivery, deadLetterQueue }));
  handler.configureAsyncInvoke({
    maxEventAge: Duration.hours(6),
    retryAttempts: 2,
    onFailure: new SqsDestination(deadLetterQueue),
  });
}
