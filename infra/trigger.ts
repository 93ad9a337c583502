import { Aws, Duration } from 'aws-cdk-lib';
import { CfnEventBusPolicy, Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { executionEnd } from '../src/aws/announcements.ts';
import { triggers } from '../src/stages/index.ts';
import { callOn, delivery } from './call-on.ts';
import { type FunctionsProps, TaskFunction } from './functions.ts';
import { waive } from './nag.ts';
import { defaultBusArn, type Names } from './names.ts';
import { followGrants, startGrants, sweepGrants } from './permissions.ts';
import type { Storage } from './storage.ts';

export interface TriggerProps extends FunctionsProps {
  readonly storage: Storage;
  readonly sweepMinutes: number | undefined;
  /** Other account that owns the data bucket, if it is one. */
  readonly dataAccount: string | undefined;
}

/** Environment variables of a function. */
type Variables = Readonly<Record<string, string>>;

const whyNoDeadLetters = 'It has a failure destination, which keeps the error beside the event.';

/**
 * Starts runs: when a batch's marker arrives, or at the end of the run that the batch waits for.
 * With a schedule, it also adds the markers that are missing. The queue is for the events of all
 * functions of the deployment.
 */
export class Trigger extends Construct {
  readonly start: IFunction;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, own: TriggerProps) {
    super(scope, id);
    const { storage, sweepMinutes, dataAccount, ...props } = own;
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    const reason = 'It is the dead-letter queue: only a person takes from it.';
    waive(this.deadLetters, 'AwsSolutions-SQS3', reason);
    waive(this.deadLetters, 'Serverless-SQSRedrivePolicy', reason);
    const machine = {
      RESULTS: `s3://${storage.results.bucketName}`,
      STATE_MACHINE: props.names.machineArn,
    };
    this.start = this.#onMarkers(storage, props, machine);
    if (dataAccount !== undefined) acceptEvents(this, props.names, dataAccount);
    this.#onEnds(storage, props, machine);
    if (sweepMinutes !== undefined) this.#onClock(storage, props, sweepMinutes);
  }

  /** Starts the run of a batch that is complete. */
  #onMarkers(storage: Storage, props: FunctionsProps, environment: Variables): IFunction {
    return this.#callOn(
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
        grants: startGrants(props.names, storage, this.deadLetters),
        environment,
      }),
    );
  }

  /** Passes the turn of a dataset on at the end of a run, and looks every hour for lost ends. */
  #onEnds(storage: Storage, props: FunctionsProps, environment: Variables): void {
    const follow = this.#callOn(
      new Rule(this, 'RunChanged', {
        description: 'A run begins or has ended: the turn of its dataset',
        eventPattern: {
          source: ['aws.states'],
          detailType: ['Step Functions Execution Status Change'],
          detail: {
            stateMachineArn: [props.names.machineArn],
            status: ['RUNNING', ...executionEnd.shape.status.options],
          },
        },
      }),
      new TaskFunction(this, triggers.Follow, props, {
        whyNoDeadLetters,
        grants: followGrants(props.names, storage, this.deadLetters),
        environment,
      }),
    );
    const hourly = new Rule(this, 'Hourly', {
      description: 'Look for batches that wait for a run whose end was not reported',
      schedule: Schedule.rate(Duration.hours(1)),
    });
    hourly.addTarget(
      new LambdaFunction(follow, { ...delivery, deadLetterQueue: this.deadLetters }),
    );
  }

  /** Adds the markers of batches that have been quiet. */
  #onClock(storage: Storage, props: FunctionsProps, minutes: number): void {
    this.#callOn(
      new Rule(this, 'Clock', {
        description: 'Close the batches that have been quiet',
        schedule: Schedule.rate(Duration.minutes(minutes)),
      }),
      new TaskFunction(this, triggers.Sweep, props, {
        whyNoDeadLetters,
        grants: sweepGrants(storage, this.deadLetters),
        environment: { DATA_BUCKET: storage.data.bucketName, SWEEP_MINUTES: String(minutes) },
      }),
    );
  }

  #callOn(rule: Rule, handler: TaskFunction): TaskFunction {
    callOn(rule, handler, this.deadLetters);
    return handler;
  }
}

/**
 * Lets the owner of the data bucket send events to the bus of this account. S3 sends them to the
 * bus of its own account only, and a rule there passes them on.
 */
function acceptEvents(scope: Construct, { machine }: Names, dataAccount: string): void {
  new CfnEventBusPolicy(scope, 'DataEvents', {
    statementId: `${machine}-data`,
    statement: {
      Sid: `${machine}-data`,
      Effect: 'Allow',
      Principal: { AWS: `arn:${Aws.PARTITION}:iam::${dataAccount}:root` },
      Action: 'events:PutEvents',
      Resource: defaultBusArn,
    },
  });
}
