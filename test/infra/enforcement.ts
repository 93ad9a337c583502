/** Calls that each role needs, and calls that no role may make. */
import type { Role } from '../../infra/policies.ts';
import { readCalls, roleTasks } from './calls.ts';
import type { Call } from './iam.ts';

/** Calls of tasks that are not to their store. */
const functionCalls: Call[] = [
  { action: 'logs:CreateLogStream', resource: '<Logs>' },
  { action: 'logs:PutLogEvents', resource: '<Logs>' },
  { action: 'xray:PutTraceSegments', resource: '*' },
  { action: 'xray:PutTelemetryRecords', resource: '*' },
];
const startRun = { action: 'states:StartExecution', resource: 'states:stateMachine:counterweight' };
const watchRun = {
  action: 'states:DescribeExecution',
  resource: 'states:execution:counterweight:run',
};
const keepEvent = { action: 'sqs:SendMessage', resource: '<TriggerDeadLetters>' };
const otherCalls: Record<string, Call[]> = {
  TriggerStartRole: [startRun, keepEvent],
  TriggerSweepRole: [keepEvent],
  AnnouncerAnnounceRole: [
    keepEvent,
    watchRun,
    { action: 'events:PutEvents', resource: 'events:event-bus/default' },
  ],
  PlanRole: [{ action: 'lambda:GetAccountSettings', resource: '*' }],
  TrainTeacherRole: [watchRun],
  CalibrateRole: [watchRun],
  WarmUpRole: [watchRun],
  TrainRole: [watchRun],
};

const job = 'batch:job-definition/counterweight-trainer';
const workflowCalls: Call[] = [
  ...['PlanFunction', 'TrainFunction', 'PublishFunction'].map((name) => ({
    action: 'lambda:InvokeFunction',
    resource: `<${name}>`,
  })),
  ...['shards', 'unlabeled'].map((name) => ({
    action: 's3:GetObject',
    resource: `<StorageResults>/runs/run/${name}.json`,
  })),
  startRun,
  ...['counterweight:run', 'counterweight/Label:shard'].flatMap((execution) =>
    ['states:DescribeExecution', 'states:StopExecution'].map((action) => ({
      action,
      resource: `states:execution:${execution}`,
    })),
  ),
  { action: 'states:RedriveExecution', resource: 'states:execution:counterweight/Label:shard' },
  ...['events:PutRule', 'events:PutTargets', 'events:DescribeRule'].map((action) => ({
    action,
    resource: 'events:rule/StepFunctionsGetEventsForBatchJobsRule',
  })),
  ...['batch:job-queue/counterweight-trainer', job, `${job}:1`].map((resource) => ({
    action: 'batch:SubmitJob',
    resource,
  })),
  { action: 'batch:DescribeJobs', resource: '*' },
  { action: 'batch:TerminateJob', resource: 'batch:job/1' },
  ...['CreateLogDelivery', 'PutResourcePolicy', 'DescribeResourcePolicies'].map((action) => ({
    action: `logs:${action}`,
    resource: '*',
  })),
];

const image = 'ecr:repository/cdk-hnb659fds-container-assets-<AWS::AccountId>-<AWS::Region>';
const startJobCalls: Call[] = [
  { action: 'ecr:GetAuthorizationToken', resource: '*' },
  ...['BatchCheckLayerAvailability', 'GetDownloadUrlForLayer', 'BatchGetImage'].map((action) => ({
    action: `ecr:${action}`,
    resource: image,
  })),
  ...functionCalls.filter(({ action }) => action.startsWith('logs:')),
];

/** Calls that AWS's own services make with a role, by the documentation of AWS. */
const serviceCalls: Record<string, Call[]> = {
  WorkflowRole: workflowCalls,
  ExecutionRole: startJobCalls,
  HostRole: [
    ...startJobCalls,
    ...['RegisterContainerInstance', 'DeregisterContainerInstance', 'DiscoverPollEndpoint'].map(
      (action) => ({ action: `ecs:${action}`, resource: '*' }),
    ),
    ...['Poll', 'StartTelemetrySession', 'SubmitContainerStateChange', 'SubmitTaskStateChange'].map(
      (action) => ({ action: `ecs:${action}`, resource: '*' }),
    ),
  ],
  FlowLogsRole: ['CreateLogStream', 'PutLogEvents', 'DescribeLogStreams'].map((action) => ({
    action: `logs:${action}`,
    resource: '<FlowLogs>',
  })),
};

/** Returns the calls that the role needs. */
export function neededCalls({ name, assumedBy }: Role): Call[] {
  if (serviceCalls[name]) return serviceCalls[name];
  const task = roleTasks.find(([role]) => role === name)?.[1];
  if (task === undefined) return [];
  return [
    ...readCalls(task),
    ...(assumedBy === 'lambda.amazonaws.com' ? functionCalls : []),
    ...(otherCalls[name] ?? []),
  ];
}

const on = (resource: string, ...actions: string[]): Call[] =>
  actions.map((action) => ({ action, resource }));

/** Calls that no role may make. */
export const forbiddenCalls: Call[] = [
  // Nothing is deleted, not even an old version, and no example is replaced.
  ...['<StorageData>/images/labeled/object', '<StorageResults>/students/images/CURRENT'].flatMap(
    (key) => on(key, 's3:DeleteObject', 's3:DeleteObjectVersion', 's3:PutObjectAcl'),
  ),
  ...on('<StorageData>/images/labeled/object', 's3:PutObject'),
  ...on('<StorageData>/images/unlabeled/first/object', 's3:PutObject'),
  ...on('<StorageData>/images/distill.yaml', 's3:PutObject'),
  // Data and teachers are not taken from the results, nor hidden beside them.
  ...on('<StorageResults>/elsewhere', 's3:GetObject', 's3:PutObject'),
  ...on('<StorageResults>/runs/object', 's3:PutObject'),
  ...on('<StorageResults>/students/images/object', 's3:PutObject'),
  ...['<StorageData>', '<StorageResults>'].flatMap((bucket) =>
    on(
      bucket,
      ...['DeleteBucket', 'PutBucketPolicy', 'DeleteBucketPolicy', 'PutBucketVersioning'].map(
        (action) => `s3:${action}`,
      ),
      ...['PutLifecycleConfiguration', 'PutBucketAcl', 'ListBucketMultipartUploads'].map(
        (action) => `s3:${action}`,
      ),
    ),
  ),
  // Other buckets, of the stack and of the account.
  ...['<StorageAccessLogs>', '<OtherBucket>'].flatMap((bucket) => [
    ...on(`${bucket}/object`, 's3:GetObject', 's3:PutObject', 's3:DeleteObject'),
    ...on(bucket, 's3:ListBucket', 's3:ListBucketVersions'),
  ]),
  ...on('<OtherBucket>', 's3:CreateBucket'),
  ...on('*', 's3:ListAllMyBuckets'),
  // Other permissions, other accounts' roles, other services.
  ...on('iam:role/Administrator', 'iam:AttachRolePolicy', 'iam:PutRolePolicy'),
  ...on('iam:user/new', 'iam:CreateUser', 'iam:CreateAccessKey'),
  ...on('iam:role/Administrator', 'sts:AssumeRole'),
  ...on('states:stateMachine:other', 'states:StartExecution'),
  ...on('states:stateMachine:counterweight', 'states:UpdateStateMachine'),
  ...on('states:execution:other:run', 'states:StopExecution', 'states:DescribeExecution'),
  ...on('<OtherFunction>', 'lambda:InvokeFunction'),
  ...on('<TrainFunction>', 'lambda:UpdateFunctionCode', 'lambda:AddPermission'),
  ...on('batch:job-queue/other', 'batch:SubmitJob'),
  ...on('<OtherQueue>', 'sqs:SendMessage'),
  ...on('<TriggerDeadLetters>', 'sqs:ReceiveMessage', 'sqs:PurgeQueue'),
  ...on('<Logs>', 'logs:GetLogEvents', 'logs:DeleteLogGroup'),
  ...on('<OtherLogs>', 'logs:PutLogEvents'),
  ...on('ecr:repository/other', 'ecr:BatchGetImage', 'ecr:PutImage'),
  ...on('events:rule/other', 'events:PutRule', 'events:DeleteRule'),
  ...on('events:event-bus/other', 'events:PutEvents'),
  ...on('*', 'ec2:RunInstances', 'kms:Decrypt', 'sns:Publish'),
  ...on('*', 'ssm:GetParameter', 'secretsmanager:GetSecretValue'),
];

/** Calls that some roles may make, and others not. */
const otherStudents: Call[] = on('<StorageResults>/students/other/CURRENT', 's3:GetObject');
/** Listings outside the prefixes that conditions allow. */
const otherListings: Call[] = [
  { action: 's3:ListBucketVersions', resource: '<StorageData>', prefix: 'images/labeled/' },
  { action: 's3:ListBucketVersions', resource: '<StorageResults>', prefix: 'students/' },
];

/** Lists every call that is checked for every role, each once. */
export function checkedCalls(roles: readonly Role[]): Call[] {
  const all = [...roles.flatMap(neededCalls), ...otherStudents, ...otherListings];
  const unique = new Map([...all, ...forbiddenCalls].map((call) => [describeCall(call), call]));
  return [...unique.keys()].sort().map((key) => unique.get(key)!);
}

/** Formats a call as text, such as `s3:GetObject <StorageData>/images/distill.yaml`. */
export function describeCall({ action, resource, prefix }: Call): string {
  return [action, resource, ...(prefix === undefined ? [] : [`of ${prefix || 'all'}`])].join(' ');
}
