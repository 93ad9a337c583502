import { Rule } from 'aws-cdk-lib/aws-events';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { executionEnd } from '../src/aws/announcements.ts';
import { triggers } from '../src/stages/index.ts';
import { callOn } from './call-on.ts';
import { type FunctionsProps, TaskFunction } from './functions.ts';
import { announceGrants } from './permissions.ts';
import type { Storage } from './storage.ts';

export interface AnnouncerProps extends FunctionsProps {
  readonly storage: Storage;
  readonly deadLetters: IQueue;
}

/**
 * Records the end of each run, and announces it on the account's event bus. The rule names the
 * machine itself: the executions of single shards belong to a machine with a longer ARN.
 */
export class Announcer extends Construct {
  constructor(scope: Construct, id: string, { storage, deadLetters, ...props }: AnnouncerProps) {
    super(scope, id);
    const ended = new Rule(this, 'RunEnded', {
      description: 'A run has ended: record and announce it',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: [props.names.machineArn],
          status: executionEnd.shape.status.options,
        },
      },
    });
    const announce = new TaskFunction(this, triggers.Announce, props, {
      whyNoDeadLetters: 'It has a failure destination, which keeps the error beside the event.',
      grants: announceGrants(props.names, storage, deadLetters),
      environment: {
        RESULTS: `s3://${storage.results.bucketName}`,
        STATE_MACHINE: props.names.machineArn,
      },
    });
    callOn(ended, announce, deadLetters);
  }
}
