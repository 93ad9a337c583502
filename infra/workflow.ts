import { fileURLToPath } from 'node:url';
import { Aws, RemovalPolicy } from 'aws-cdk-lib';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import {
  DefinitionBody,
  LogLevel,
  StateMachine,
  StateMachineType,
} from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { StageName } from '../src/stages/index.ts';
import type { Names } from './names.ts';
import { workflowGrants } from './permissions.ts';
import { makeRole } from './role.ts';
import type { Storage } from './storage.ts';

const definition = fileURLToPath(new URL('./workflow.asl.json', import.meta.url));

export interface WorkflowProps {
  readonly names: Names;
  readonly storage: Storage;
  readonly functions: Record<StageName, IFunction>;
  readonly trainer: 'gpu' | 'function';
  /** ARN of the key of the buckets; undefined if they have keys of S3. */
  readonly kmsKey: string | undefined;
}

/** State machine: the one workflow file, with the ARNs of this deployment. */
export class Workflow extends Construct {
  readonly machine: StateMachine;

  constructor(scope: Construct, id: string, props: WorkflowProps) {
    super(scope, id);
    const { names, storage, functions, trainer, kmsKey } = props;
    const arns = Object.fromEntries(
      Object.entries(functions).map(([task, { functionArn }]) => [`${task}Function`, functionArn]),
    );
    // The condition keeps a state machine of another account from using this role.
    const assumedBy = new ServicePrincipal('states.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
    });
    const grants = workflowGrants(names, storage, Object.values(arns), kmsKey, trainer);
    this.machine = new StateMachine(this, 'Machine', {
      stateMachineName: names.machine,
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromFile(definition),
      definitionSubstitutions: {
        ...arns,
        // Also set without a GPU trainer: Plan refuses variants that need one.
        TrainerJob: names.trainerJobArn,
        TrainerQueue: names.trainerQueueArn,
      },
      role: makeRole(this, 'Role', assumedBy, grants),
      tracingEnabled: true,
      logs: {
        destination: new LogGroup(this, 'Logs', {
          // Log deliveries share one policy of limited length, in which this prefix is one entry.
          logGroupName: `/aws/vendedlogs/states/${names.machine}`,
          retention: RetentionDays.THREE_MONTHS,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
        level: LogLevel.ALL,
        // States contain keys and counts, but error messages may quote a value of the config.
        includeExecutionData: false,
      },
    });
  }
}
