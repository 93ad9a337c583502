import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { permissionsDoc } from '../../infra/permissions-doc.ts';
import { type Grant, rolesOf } from '../../infra/policies.ts';
import { enforcementDoc } from './enforcement-doc.ts';
import { documentedSettings, synthesise } from './synthesise.ts';

const { core, trainer } = synthesise(documentedSettings);
const templates = [core.toJSON(), trainer!.toJSON()];
const roles = templates.flatMap(rolesOf);

const file = new URL('../../docs/permissions.md', import.meta.url);

// After a change of the grants: UPDATE_PERMISSIONS=1 npx vitest run test/infra/permissions.
const current = `${permissionsDoc(templates)}\n${enforcementDoc(roles)}\n`;
if (process.env.UPDATE_PERMISSIONS === '1') writeFileSync(file, current);

test('docs/permissions.md is current', () => {
  expect(readFileSync(file, 'utf8')).toBe(current);
});

/** Actions that are granted together, in a word. */
const words: Record<string, string> = {
  's3:GetObject, s3:GetObjectVersion': 'read',
  's3:GetObject, s3:PutObject': 'read and write',
  's3:PutObject': 'write',
  's3:ListBucket': 'know what is missing in',
  's3:ListBucketVersions': 'list',
  'logs:CreateLogStream, logs:PutLogEvents': 'log to',
  'xray:PutTelemetryRecords, xray:PutTraceSegments': 'trace to',
};

function lines({ Action, Resource, Condition }: Grant): string[] {
  const doing = words[Action.join(', ')] ?? Action.join(', ');
  const condition = Object.keys(Condition).length > 0 ? ` if ${JSON.stringify(Condition)}` : '';
  return Resource.map((resource) => {
    const on = resource.replace('<StorageData>', 'data').replace('<StorageResults>', 'results');
    return `${doing} ${on}${condition}`;
  });
}

const inFunctions = ['log to <Logs>', 'trace to *'];
const dataReader = ['read data/*', 'know what is missing in data'];
const runReader = ['read results/runs/*', 'know what is missing in results'];
const encodedReader = [...runReader, 'read results/embeddings/*/*.parquet'];
const labelReader = [...encodedReader, 'read results/labels/*/*.parquet'];
/** A teacher may be a folder, which is listed. */
const labeling = [
  ...dataReader,
  'list data',
  ...labelReader,
  'read results/teachers/*/*',
  'write results/labels/*/*.parquet',
];
const checkpoints = (of: string) => [
  `read results/checkpoints/${of}`,
  `write results/checkpoints/${of}`,
];
const kept = [
  'read and write results/runs/*/usage/*',
  'read and write results/runs/*/errors/*.json',
];
/** To start the run of a batch, in the turn of its dataset. */
const starter = [
  'read data/*/distill.yaml',
  's3:GetObject data/*/unlabeled/_SUCCESS',
  's3:GetObject data/*/unlabeled/*/_SUCCESS',
  'list data if {"StringLike":{"s3:prefix":["*/unlabeled/*"]}}',
  'know what is missing in data',
  'read results/runs/*/run.json',
  'read results/turns/*.json',
  'know what is missing in results',
  'write results/runs/*/run.json',
  'write results/turns/*.json',
  'states:StartExecution states:stateMachine:counterweight',
  'states:DescribeExecution states:execution:counterweight:*',
  'sqs:SendMessage <TriggerDeadLetters>',
];
const watcher = 'states:DescribeExecution states:execution:counterweight:*';

/** All that each role may, written down a second time. */
const expected: Record<string, string[]> = {
  TriggerStartRole: [...inFunctions, ...starter],
  TriggerFollowRole: [
    ...inFunctions,
    ...starter,
    'list results if {"StringLike":{"s3:prefix":["turns/*"]}}',
  ],
  TriggerSweepRole: [
    ...inFunctions,
    'list data',
    'know what is missing in data',
    'read and write data/*/unlabeled/*/_SUCCESS',
    'sqs:SendMessage <TriggerDeadLetters>',
  ],
  AnnouncerAnnounceRole: [
    ...inFunctions,
    ...[
      'publication.json',
      'metrics.json',
      'failure.json',
      'errors/*.json',
      'announced/*.json',
    ].map((name) => `read results/runs/*/${name}`),
    'know what is missing in results',
    'write results/runs/*/announced/*.json',
    'write results/runs/*/failure.json',
    watcher,
    'sqs:SendMessage <TriggerDeadLetters>',
    'events:PutEvents events:event-bus/default if {"StringEquals":{"events:source":["counterweight"],"events:detail-type":["RunSucceeded","RunFailed","StudentPublished"]}}',
  ],
  PlanRole: [
    ...inFunctions,
    'lambda:GetAccountSettings *',
    ...dataReader,
    'list data',
    'know what is missing in results',
    'read results/encoders/*/*',
    'write results/encoders/*/*',
    'read results/embeddings/*/*.parquet',
    'read results/labels/*/*.parquet',
    'read results/runs/*/run.json',
    'read results/spend/*.json',
    'write results/spend/*.json',
    ...['plan.json', 'objects/*.jsonl', 'shards.json', 'unlabeled.json'].flatMap((name) => [
      `read results/runs/*/${name}`,
      `write results/runs/*/${name}`,
    ]),
    ...kept,
  ],
  EncodeRole: [
    ...inFunctions,
    ...dataReader,
    ...encodedReader,
    'read results/encoders/*/*',
    'write results/embeddings/*/*.parquet',
    ...kept,
  ],
  TrainTeacherRole: [
    ...inFunctions,
    ...dataReader,
    ...encodedReader,
    'read results/teachers/*/*',
    'write results/teachers/*/*',
    ...checkpoints('teachers/*/*'),
    ...kept,
    watcher,
  ],
  CalibrateRole: [
    ...inFunctions,
    ...labeling,
    'write results/teachers/*/calibration-*.json',
    'write results/teachers/*/mixture.json',
    ...kept,
    watcher,
  ],
  LabelRole: [...inFunctions, ...labeling, 'write results/runs/*/quarantine/*.json', ...kept],
  ReconcileRole: [
    ...inFunctions,
    ...dataReader,
    ...labelReader,
    'write results/runs/*/reconcile.json',
    'write results/runs/*/test-digests.bin',
    ...kept,
  ],
  WarmUpRole: [
    ...inFunctions,
    ...dataReader,
    ...labelReader,
    'write results/runs/*/warmup/*',
    ...checkpoints('runs/*/warmup/*'),
    ...kept,
    watcher,
  ],
  WeighRole: [
    ...inFunctions,
    ...dataReader,
    ...labelReader,
    'write results/runs/*/weights/*.parquet',
    ...kept,
  ],
  TrainRole: [
    ...inFunctions,
    ...dataReader,
    ...labelReader,
    'read results/encoders/*/*',
    'write results/runs/*/students/*/*',
    ...checkpoints('runs/*/students/*/*'),
    ...kept,
    watcher,
  ],
  JobRole: [
    ...dataReader,
    ...labelReader,
    'read results/encoders/*/*',
    'write results/runs/*/students/*/*',
    ...checkpoints('runs/*/students/*/*'),
    ...kept,
  ],
  EvaluateRole: [
    ...inFunctions,
    ...dataReader,
    ...labelReader,
    'read results/students/*/CURRENT',
    'read results/teachers/*/calibration-*.json',
    'read results/teachers/*/mixture.json',
    'list results if {"StringLike":{"s3:prefix":["runs/*/usage/*"]}}',
    'write results/embeddings/*/*.parquet',
    'write results/runs/*/documents.json',
    'write results/runs/*/label-next.csv',
    'write results/runs/*/label-next.html',
    'write results/runs/*/label-studio/*',
    'write results/runs/*/machine.json',
    'write results/runs/*/metrics.json',
    'write results/runs/*/predictions.parquet',
    'write results/runs/*/report.html',
    'write results/runs/*/students/*/MODEL.md',
    'write results/runs/*/students/*/model.onnx',
    ...kept,
  ],
  PublishRole: [
    ...inFunctions,
    ...runReader,
    'read results/students/*/CURRENT',
    'write results/students/*/CURRENT',
    'write results/runs/*/publication.json',
    ...kept,
  ],
  EndpointServeRole: [
    ...inFunctions,
    'read results/students/images/CURRENT',
    'read results/runs/*/students/*/*',
    'know what is missing in results',
  ],
  WorkflowRole: [
    ...[
      ...['Plan', 'Encode', 'TrainTeacher', 'Calibrate', 'Label', 'Reconcile', 'WarmUp'],
      ...['Weigh', 'Train', 'Evaluate', 'Publish'],
    ].map((task) => `lambda:InvokeFunction <${task}Function>`),
    's3:GetObject results/runs/*/shards.json',
    's3:GetObject results/runs/*/unlabeled.json',
    'states:StartExecution states:stateMachine:counterweight',
    'states:DescribeExecution, states:StopExecution states:execution:counterweight:*',
    'states:DescribeExecution, states:StopExecution states:execution:counterweight/*',
    'states:RedriveExecution states:execution:counterweight/*',
    'events:DescribeRule, events:PutRule, events:PutTargets events:rule/StepFunctionsGetEventsForBatchJobsRule',
    'batch:SubmitJob batch:job-queue/counterweight-trainer',
    'batch:SubmitJob batch:job-definition/counterweight-trainer',
    'batch:SubmitJob batch:job-definition/counterweight-trainer:*',
    'batch:DescribeJobs *',
    'batch:TerminateJob batch:job/*',
    'logs:CreateLogDelivery, logs:DeleteLogDelivery, logs:DescribeLogGroups, logs:DescribeResourcePolicies, logs:GetLogDelivery, logs:ListLogDeliveries, logs:PutResourcePolicy, logs:UpdateLogDelivery *',
    'xray:GetSamplingRules, xray:GetSamplingTargets, xray:PutTelemetryRecords, xray:PutTraceSegments *',
  ],
  HostRole: [
    'ecs:DeregisterContainerInstance, ecs:DiscoverPollEndpoint, ecs:Poll, ecs:RegisterContainerInstance, ecs:StartTelemetrySession, ecs:SubmitAttachmentStateChanges, ecs:SubmitContainerStateChange, ecs:SubmitTaskStateChange, ecs:UpdateContainerInstancesState *',
    'ecs:TagResource * if {"StringEquals":{"ecs:CreateAction":["RegisterContainerInstance"]}}',
    'ecr:GetAuthorizationToken *',
    'ecr:BatchCheckLayerAvailability, ecr:BatchGetImage, ecr:GetDownloadUrlForLayer ecr:repository/cdk-hnb659fds-container-assets-<AWS::AccountId>-<AWS::Region>',
    'log to <Logs>',
  ],
  ExecutionRole: [
    'ecr:GetAuthorizationToken *',
    'ecr:BatchCheckLayerAvailability, ecr:BatchGetImage, ecr:GetDownloadUrlForLayer ecr:repository/cdk-hnb659fds-container-assets-<AWS::AccountId>-<AWS::Region>',
    'log to <Logs>',
  ],
  FlowLogsRole: ['logs:CreateLogStream, logs:DescribeLogStreams, logs:PutLogEvents <FlowLogs>'],
};

describe('every grant', () => {
  test('is expected, and everything expected is granted: roles', () => {
    expect(roles.map(({ name }) => name).sort()).toEqual(Object.keys(expected).sort());
  });

  test.each(roles.map((role) => [role.name, role] as const))('%s', (name, { grants }) => {
    expect(grants.flatMap(lines).sort()).toEqual([...expected[name]!].sort());
  });

  test('is in the role itself: no policy is attached to any, by CDK or by AWS', () => {
    for (const template of [core, trainer!]) {
      template.resourceCountIs('AWS::IAM::Policy', 0);
      template.resourceCountIs('AWS::IAM::ManagedPolicy', 0);
      expect(JSON.stringify(template.toJSON())).not.toContain('ManagedPolicyArns');
    }
  });
});

test('without a GPU trainer, the workflow may do nothing with AWS Batch', () => {
  const [workflow] = rolesOf(synthesise().core.toJSON()).filter(
    ({ name }) => name === 'WorkflowRole',
  );
  const actions = workflow!.grants.flatMap(({ Action }) => Action);
  expect(actions.filter((action) => action.startsWith('batch:'))).toEqual([]);
  // AWS wants these when the machine is made, for the state that is there and never reached.
  expect(actions).toContain('events:PutRule');
});
