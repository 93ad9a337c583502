import { type App, Duration, Fn, RemovalPolicy, Size, Stack } from 'aws-cdk-lib';
import {
  Action,
  EcsEc2ContainerDefinition,
  EcsJobDefinition,
  JobQueue,
  JobStateTimeLimitActionsReason,
  Reason,
  RetryStrategy,
} from 'aws-cdk-lib/aws-batch';
import { ContainerImage, LogDriver } from 'aws-cdk-lib/aws-ecs';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { gpuAttempts, gpuTrainingSeconds } from '../src/cost/functions.ts';
import { stages } from '../src/stages/index.ts';
import { type Image, openImage } from './images.ts';
import { Machines, machine } from './machines.ts';
import { deploymentNames, type Names } from './names.ts';
import { makeNetwork } from './network.ts';
import { type Buckets, hostGrants, keyGrants, stageGrants, startJobGrants } from './permissions.ts';
import { makeRole } from './role.ts';
import type { Settings } from './settings.ts';
import { stackProps } from './stack-props.ts';

/** Exit code of `functions/train-job.ts` after an interruption, with a checkpoint kept. */
const interruptedExitCode = 75;

/** GPU trainer: a queue of AWS Batch, its machines, and the job that trains one student. */
export class TrainerStack extends Stack {
  constructor(scope: App, id: string, settings: Settings) {
    const names = deploymentNames(settings.name);
    super(scope, id, {
      ...stackProps(names.trainerStack, settings),
      description: 'counterweight: trains students on GPUs',
    });
    const image = openImage(this, 'trainer', settings.trainerImageUri);
    const logs = new LogGroup(this, 'Logs', {
      logGroupName: names.trainerLogs,
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const host = new ServicePrincipal('ec2.amazonaws.com');
    const role = makeRole(this, 'HostRole', host, hostGrants(image, logs));
    const vpc = makeNetwork(this, settings.zones);
    const machines = new Machines(this, 'Machines', { vpc, role, allowed: settings });
    makeQueue(this, names, machines);
    makeJobDefinition(this, names, image, logs, settings.kmsKey);
  }
}

function makeQueue(scope: Construct, names: Names, { environments }: Machines): void {
  const cancel = (reason: JobStateTimeLimitActionsReason, maxTime: Duration) => ({
    reason,
    maxTime,
  });
  new JobQueue(scope, 'Queue', {
    jobQueueName: names.trainer,
    computeEnvironments: environments.map((computeEnvironment, index) => ({
      computeEnvironment,
      order: index + 1,
    })),
    // A job that cannot start fails its run with the reason, instead of waiting for ever.
    jobStateTimeLimitActions: [
      cancel(JobStateTimeLimitActionsReason.INSUFFICIENT_INSTANCE_CAPACITY, Duration.hours(4)),
      cancel(JobStateTimeLimitActionsReason.COMPUTE_ENVIRONMENT_MAX_RESOURCE, Duration.minutes(10)),
      cancel(JobStateTimeLimitActionsReason.JOB_RESOURCE_REQUIREMENT, Duration.minutes(10)),
    ],
  });
}

function bucketsOf(scope: Construct, names: Names): Buckets {
  return {
    data: Bucket.fromBucketName(scope, 'Data', Fn.importValue(names.bucketExports.data)),
    results: Bucket.fromBucketName(scope, 'Results', Fn.importValue(names.bucketExports.results)),
  };
}

function makeJobDefinition(
  scope: Construct,
  names: Names,
  image: Image,
  logs: LogGroup,
  kmsKey: string | undefined,
): void {
  const grants = [...stageGrants(bucketsOf(scope, names), stages.Train), ...keyGrants(kmsKey)];
  const tasks = new ServicePrincipal('ecs-tasks.amazonaws.com');
  new EcsJobDefinition(scope, 'Job', {
    jobDefinitionName: names.trainer,
    container: new EcsEc2ContainerDefinition(scope, 'Container', {
      image: ContainerImage.fromEcrRepository(image.repository, image.tagOrDigest),
      cpu: machine.vcpus,
      memory: Size.gibibytes(machine.memoryGiB),
      gpu: machine.gpus,
      jobRole: makeRole(scope, 'JobRole', tasks, grants),
      executionRole: makeRole(scope, 'ExecutionRole', tasks, startJobGrants(image, logs)),
      // The SDK needs it, and only newer agents of ECS set it in a container.
      environment: { AWS_REGION: Stack.of(scope).region },
      logging: LogDriver.awsLogs({ logGroup: logs, streamPrefix: 'train' }),
    }),
    // Used by interruptions only: a job that reaches its timeout is not retried.
    retryAttempts: gpuAttempts,
    retryStrategies: [
      RetryStrategy.of(Action.RETRY, Reason.SPOT_INSTANCE_RECLAIMED),
      RetryStrategy.of(Action.RETRY, Reason.custom({ onExitCode: String(interruptedExitCode) })),
      // AWS Batch would retry what no rule matches.
      RetryStrategy.of(Action.EXIT, Reason.NON_ZERO_EXIT_CODE),
      RetryStrategy.of(Action.EXIT, Reason.custom({ onReason: '*' })),
    ],
    timeout: Duration.seconds(gpuTrainingSeconds),
  });
}
