import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { triggers } from '../src/stages/index.ts';
import { type FunctionsProps, TaskFunction } from './functions.ts';
import { waive } from './nag.ts';
import { startGrants, sweepGrants } from './permissions.ts';
import { allow } from './statement.ts';
import type { Storage } from './storage.ts';

export interface TriggerProps extends FunctionsProps {
  readonly storage: Storage;
  readonly sweepMinutes: number | undefined;
}

/**
 * Starts runs when a batch's marker arrives. With a schedule, it also adds the markers that are
 * missing. Events that neither EventBridge nor a function could handle go to the queue.
 */
export class Trigger extends Construct {
  readonly start: IFunction;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { storage, sweepMinutes, ...props }: TriggerProps) {
    super(scope, id);
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    const reason = 'It is the dead-letter queue: only a person takes from it.';
    waive(this.deadLetters, 'AwsSolutions-SQS3', reason);
    waive(this.deadLetters, 'Serverless-SQSRedrivePolicy', reason);
    const keepFailed = allow('KeepFailedEvents', ['sqs:SendMessage'], [this.deadLetters.queueArn]);
    const whyNoDeadLetters =
      'It has a failure destination, which keeps the error beside the event.';
    this.start = this.#callOn(
      new Rule(this, 'MarkerArrived', {
        description: 'A batch is complete: start its run',
        eventPattern: {
          source: ['aws.s3'],
          detailType: ['Object Created'],
          detail: {
            bucket: { name: [storage.data.bucketName] },
            object: { key: [{ suffix: '/_SUCCESS' }] },
          },
        },
      }),
      new TaskFunction(this, triggers.Start, props, {
        whyNoDeadLetters,
        grants: [...startGrants(props.names, storage), keepFailed],
        environment: {
          RESULTS: `s3://${storage.results.bucketName}`,
          STATE_MACHINE: props.names.machineArn,
        },
      }),
    );
    if (sweepMinutes === undefined) return;
    this.#callOn(
      new Rule(this, 'Clock', {
        description: 'Close the batches that have been quiet',
        schedule: Schedule.rate(Duration.minutes(sweepMinutes)),
      }),
      new TaskFunction(this, triggers.Sweep, props, {
        whyNoDeadLetters,
        grants: [...sweepGrants(storage), keepFailed],
        environment: {
          DATA_BUCKET: storage.data.bucketName,
          SWEEP_MINUTES: String(sweepMinutes),
        },
      }),
    );
  }

  #callOn(rule: Rule, handler: TaskFunction): TaskFunction {
    // EventBridge's maximum retry window; a lost marker would leave a batch unlabeled.
    const delivery = { maxEventAge: Duration.hours(24), retryAttempts: 185 };
    rule.addTarget(new LambdaFunction(handler, { ...delivery, deadLetterQueue: this.deadLetters }));
    handler.configureAsyncInvoke({
      maxEventAge: Duration.hours(6),
      retryAttempts: 2,
      onFailure: new SqsDestination(this.deadLetters),
    });
    return handler;
  }
}
