import { Aws } from 'aws-cdk-lib';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { eventSource, eventTypes } from '../src/aws/announcements.ts';
import { markerOf } from '../src/data/layout.ts';
import { keys } from '../src/run/keys.ts';
import type { Stage } from '../src/stages/stage.ts';
import type { Image } from './images.ts';
import { defaultBusArn, jobsArn, jobsRuleArn, type Names } from './names.ts';
import { allow, type Purpose } from './statement.ts';

/**
 * Every grant of the stacks, made by hand: CDK's `grantRead` and the like grant whole buckets.
 * docs/permissions.md shows the result, and test/infra/permissions.cdk.test.ts lists what is
 * expected.
 */

/** Keys of the records of usage. */
const usage = `${keys.usage('*')}*`;

/** Bucket of this stack or of another one. */
type Objects = Pick<IBucket, 'bucketArn' | 'arnForObjects'>;

export interface Buckets {
  readonly data: Objects;
  readonly results: Objects;
}

/** Permissions of a stage, in a function or as a job on a GPU, from its row's `access`. */
export function stageGrants(buckets: Buckets, { access }: Stage): PolicyStatement[] {
  return [
    ...(access.readsData ? readData(buckets) : []),
    ...(access.listsData ? [listData(buckets)] : []),
    ...readResults(buckets, access.reads),
    ...(access.listsUsage ? [listUsage(buckets)] : []),
    writeResults(buckets, access.writes),
    recordUsage(buckets),
    keepMessages(buckets),
  ];
}

/** Permissions to use the key of the buckets, by way of S3 only. */
export function keyGrants(kmsKey: string | undefined): PolicyStatement[] {
  if (kmsKey === undefined) return [];
  return [
    allow('UseKey', ['kms:Decrypt', 'kms:GenerateDataKey'], [kmsKey], {
      StringEquals: { 'kms:ViaService': `s3.${Aws.REGION}.${Aws.URL_SUFFIX}` },
    }),
  ];
}

/** Network of the account that functions are in. */
export interface FunctionNetwork {
  readonly subnets: readonly string[];
  readonly securityGroups: readonly string[];
}

/** Permissions of a function that is in a network of the account. */
export function networkGrants(network: FunctionNetwork | undefined): PolicyStatement[] {
  if (network === undefined) return [];
  const actions = [
    ...['CreateNetworkInterface', 'DescribeNetworkInterfaces', 'DeleteNetworkInterface'],
    ...['DescribeSubnets', 'AssignPrivateIpAddresses', 'UnassignPrivateIpAddresses'],
  ];
  return [
    allow(
      'JoinNetwork',
      actions.map((action) => `ec2:${action}`),
      ['*'],
    ),
  ];
}

/** Permission to see whether the execution that a stage runs for was aborted. */
export function watchGrant(names: Names): PolicyStatement {
  return allow('WatchExecution', ['states:DescribeExecution'], [names.executionsArn]);
}

/** Permission to read how many functions the account may run at once. */
export function accountGrant(): PolicyStatement {
  return allow('ReadConcurrency', ['lambda:GetAccountSettings'], ['*']);
}

/** Permissions of the Start function. */
export function startGrants(
  names: Names,
  buckets: Buckets,
  deadLetters: IQueue,
): PolicyStatement[] {
  return [
    keepFailed(deadLetters),
    readObjects('ReadConfigs', buckets.data, ['*/distill.yaml']),
    allow(
      'ReadMarkers',
      ['s3:GetObject'],
      ['', '*'].map((batch) => markerObjects(buckets, batch)),
    ),
    allow('ListBatches', ['s3:ListBucketVersions'], [buckets.data.bucketArn], {
      StringLike: { 's3:prefix': '*/unlabeled/*' },
    }),
    knowMissing('KnowMissingData', buckets.data),
    ...readResults(buckets, [keys.record('*'), keys.turn('*')]),
    writeResults(buckets, [keys.record('*'), keys.turn('*')]),
    allow('StartRun', ['states:StartExecution'], [names.machineArn]),
    allow('SeeEnd', ['states:DescribeExecution'], [names.executionsArn]),
  ];
}

/** Permissions of the Follow function. */
export function followGrants(
  names: Names,
  buckets: Buckets,
  deadLetters: IQueue,
): PolicyStatement[] {
  return [
    ...startGrants(names, buckets, deadLetters),
    allow('ListTurns', ['s3:ListBucketVersions'], [buckets.results.bucketArn], {
      StringLike: { 's3:prefix': keys.turn('*').replace('.json', '') },
    }),
  ];
}

/** Permissions of the Sweep function. */
export function sweepGrants(buckets: Buckets, deadLetters: IQueue): PolicyStatement[] {
  const markers = markerObjects(buckets, '*');
  return [
    keepFailed(deadLetters),
    listData(buckets),
    knowMissing('KnowMissingData', buckets.data),
    allow('CloseBatches', ['s3:PutObject', 's3:GetObject'], [markers]),
  ];
}

/** Permissions of the Announce function. */
export function announceGrants(
  names: Names,
  buckets: Buckets,
  deadLetters: IQueue,
): PolicyStatement[] {
  const record = keys.announced('*', '*');
  const outcome = [keys.publication, keys.metrics, keys.failure].map((key) => key('*'));
  const messages = keys.thrown('*', '*');
  return [
    keepFailed(deadLetters),
    allow('SeeEnd', ['states:DescribeExecution'], [names.executionsArn]),
    ...readResults(buckets, [...outcome, messages, record]),
    writeResults(buckets, [keys.failure('*'), record]),
    allow('Announce', ['events:PutEvents'], [defaultBusArn], {
      StringEquals: { 'events:source': eventSource, 'events:detail-type': [...eventTypes] },
    }),
  ];
}

function keepFailed(deadLetters: IQueue): PolicyStatement {
  return allow('KeepFailedEvents', ['sqs:SendMessage'], [deadLetters.queueArn]);
}

/** Returns the markers of a batch in all datasets. */
function markerObjects({ data }: Buckets, batch: string): string {
  return data.arnForObjects(`*/${markerOf(batch)}`);
}

/** Permissions of the Serve function. */
export function serveGrants(buckets: Buckets, dataset: string): PolicyStatement[] {
  return readResults(buckets, [keys.current(dataset), `${keys.student('*', '*')}*`]);
}

export function writeTraces(): PolicyStatement {
  return allow('WriteTraces', ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], ['*']);
}

/** Permissions of the state machine. */
export function workflowGrants(
  names: Names,
  { results }: Buckets,
  functionArns: string[],
  kmsKey: string | undefined,
  trainer: 'gpu' | 'function',
): PolicyStatement[] {
  return [
    ...keyGrants(kmsKey),
    allow('CallFunctions', ['lambda:InvokeFunction'], functionArns),
    allow(
      'ReadManifests',
      ['s3:GetObject'],
      [keys.shards('*'), keys.unlabeled('*')].map((key) => results.arnForObjects(key)),
    ),
    allow('StartShards', ['states:StartExecution'], [names.machineArn]),
    allow(
      'FollowShards',
      ['states:DescribeExecution', 'states:StopExecution'],
      [names.executionsArn, names.shardExecutionsArn],
    ),
    allow('RedriveShards', ['states:RedriveExecution'], [names.shardExecutionsArn]),
    allow(
      'WaitForJobs',
      ['events:PutTargets', 'events:PutRule', 'events:DescribeRule'],
      [jobsRuleArn],
    ),
    ...(trainer === 'gpu' ? jobGrants(names) : []),
    allow(
      'DeliverLogs',
      [
        ...['CreateLogDelivery', 'GetLogDelivery', 'UpdateLogDelivery', 'DeleteLogDelivery'],
        ...['ListLogDeliveries', 'PutResourcePolicy', 'DescribeResourcePolicies'],
        'DescribeLogGroups',
      ].map((action) => `logs:${action}`),
      ['*'],
    ),
    allow(
      'WriteTraces',
      ['PutTraceSegments', 'PutTelemetryRecords', 'GetSamplingRules', 'GetSamplingTargets'].map(
        (action) => `xray:${action}`,
      ),
      ['*'],
    ),
  ];
}

/**
 * Permissions for the GPU job. CDK's own task for AWS Batch has only the first, so that an aborted
 * run would leave its GPU on.
 */
function jobGrants({ trainerJobArn: job, trainerQueueArn }: Names): PolicyStatement[] {
  return [
    // With and without a revision: for a definition without one, AWS Batch checks the newest.
    allow('SubmitJobs', ['batch:SubmitJob'], [trainerQueueArn, job, `${job}:*`]),
    allow('DescribeJobs', ['batch:DescribeJobs'], ['*']),
    allow('StopJobs', ['batch:TerminateJob'], [jobsArn]),
  ];
}

function readData(buckets: Buckets): PolicyStatement[] {
  return [
    readObjects('ReadData', buckets.data, ['*']),
    knowMissing('KnowMissingData', buckets.data),
  ];
}

function listData({ data }: Buckets): PolicyStatement {
  return allow('ListData', ['s3:ListBucketVersions'], [data.bucketArn]);
}

function listUsage({ results }: Buckets): PolicyStatement {
  return allow('ListUsage', ['s3:ListBucketVersions'], [results.bucketArn], {
    StringLike: { 's3:prefix': usage },
  });
}

function readResults(buckets: Buckets, patterns: readonly string[]): PolicyStatement[] {
  return [
    readObjects('ReadResults', buckets.results, patterns),
    knowMissing('KnowMissingResults', buckets.results),
  ];
}

function readObjects(
  purpose: Purpose,
  bucket: Objects,
  patterns: readonly string[],
): PolicyStatement {
  const objects = patterns.map((pattern) => bucket.arnForObjects(pattern));
  return allow(purpose, ['s3:GetObject', 's3:GetObjectVersion'], objects);
}

function knowMissing(purpose: Purpose, bucket: Objects): PolicyStatement {
  return allow(purpose, ['s3:ListBucket'], [bucket.bucketArn]);
}

function writeResults({ results }: Buckets, patterns: readonly string[]): PolicyStatement {
  const objects = patterns.map((pattern) => results.arnForObjects(pattern));
  return allow('WriteResults', ['s3:PutObject'], objects);
}

function recordUsage({ results }: Buckets): PolicyStatement {
  return allow('RecordUsage', ['s3:PutObject', 's3:GetObject'], [results.arnForObjects(usage)]);
}

function keepMessages({ results }: Buckets): PolicyStatement {
  const messages = results.arnForObjects(keys.thrown('*', '*'));
  return allow('KeepMessages', ['s3:PutObject', 's3:GetObject'], [messages]);
}

/** Permissions of the GPU trainer's instances: ECS's agent, and its work for the job. */
export function hostGrants(image: Image, logs: LogGroup): PolicyStatement[] {
  return [
    allow(
      'RegisterInstance',
      [
        ...['RegisterContainerInstance', 'DeregisterContainerInstance', 'DiscoverPollEndpoint'],
        ...['Poll', 'StartTelemetrySession', 'UpdateContainerInstancesState'],
        ...['SubmitAttachmentStateChanges', 'SubmitContainerStateChange', 'SubmitTaskStateChange'],
      ].map((action) => `ecs:${action}`),
      ['*'],
    ),
    allow('TagInstance', ['ecs:TagResource'], ['*'], {
      StringEquals: { 'ecs:CreateAction': 'RegisterContainerInstance' },
    }),
    ...startJobGrants(image, logs),
  ];
}

/**
 * Permissions to pull the image and write the log. The instance and the job's execution role both
 * have them: the version and settings of the agent decide which one it uses.
 */
export function startJobGrants({ repository }: Image, logs: LogGroup): PolicyStatement[] {
  return [
    allow('SignInToRegistry', ['ecr:GetAuthorizationToken'], ['*']),
    allow(
      'PullImage',
      ['BatchCheckLayerAvailability', 'GetDownloadUrlForLayer', 'BatchGetImage'].map(
        (action) => `ecr:${action}`,
      ),
      [repository.repositoryArn],
    ),
    allow('WriteJobLogs', ['logs:CreateLogStream', 'logs:PutLogEvents'], [logs.logGroupArn]),
  ];
}

export function flowLogGrants(logs: LogGroup): PolicyStatement[] {
  return [
    allow(
      'WriteFlowLogs',
      ['CreateLogStream', 'PutLogEvents', 'DescribeLogStreams'].map((action) => `logs:${action}`),
      [logs.logGroupArn],
    ),
  ];
}
