import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Match, type Template } from 'aws-cdk-lib/assertions';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { afterAll, describe, expect, test } from 'vitest';
import { makeApp } from '../../infra/application.ts';
import { rolesOf } from '../../infra/policies.ts';
import { endpoints, stages, triggers } from '../../src/stages/index.ts';
import { namesOf } from '../../src/table.ts';
import { allPrebuilt, prebuilt, resource, synthesise } from './synthesise.ts';

const { core } = synthesise({ ...allPrebuilt, trainer: 'function', budget: 20 });
const { core: withGpu } = synthesise(allPrebuilt);
const { core: local } = synthesise({ local: true });

describe('cdk-nag', () => {
  test.each([
    { imageUri: prebuilt },
    allPrebuilt,
    { local: true, sweepMinutes: 60, serve: 'digits' },
    { ...allPrebuilt, name: 'blue', tags: 'team=vision', permissionsBoundary: 'limits' },
  ])('finds nothing with %j', (context) => {
    expect(() => synthesise(context)).not.toThrow();
  });

  test('fails the synthesis with findings without a waiver', () => {
    const app = makeApp({ local: true });
    new Queue(app.node.findChild('Counterweight'), 'Open');
    expect(() => app.synth()).toThrow('AwsSolutions-SQS4');
    rmSync(app.outdir, { recursive: true });
  });
});

describe('images', () => {
  const { directory } = makeApp({ trainer: 'gpu' }).synth();
  afterAll(() => rmSync(directory, { recursive: true }));

  test.each([
    ['functions', 'Counterweight'],
    ['trainer', 'CounterweightTrainer'],
  ])('are made of what their Dockerfile copies and nothing else: %s', (name, stack) => {
    const manifest = JSON.parse(readFileSync(join(directory, `${stack}.assets.json`), 'utf8'));
    const [image] = Object.values<ImageAsset>(manifest.dockerImages);
    expect(image!.source.dockerFile).toBe(`infra/images/${name}/Dockerfile`);
    const context = join(directory, image!.source.directory);
    const copied = copiedBy(join(context, image!.source.dockerFile));
    const files = readdirSync(context, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(context, join(entry.parentPath, entry.name)));
    const comesFrom = (file: string) => copied.find((path) => `${file}/`.startsWith(`${path}/`));
    const origins = new Set(files.map(comesFrom));
    expect(files.filter((file) => !comesFrom(file))).toEqual([
      '.dockerignore',
      image!.source.dockerFile,
    ]);
    // An installed package has another lock file.
    const needed = copied.filter((path) => path !== 'npm-shrinkwrap.json');
    expect(needed.filter((path) => !origins.has(path))).toEqual([]);
  });

  test('can be prebuilt', () => {
    for (const task of ['Plan', 'Label', 'Weigh', 'Train', 'EndpointServe']) {
      const { Code, PackageType } = resource(core, 'AWS::Lambda::Function', `${task}Function`);
      expect(PackageType).toBe('Image');
      expect(JSON.stringify(Code)).toContain('/counterweight:1.2.0');
    }
  });
});

describe('functions', () => {
  test.each([
    ['Counterweight', core, ['Start', 'Follow', 'Sweep', 'Announce', 'Reconcile', 'Publish']],
    ['on LocalStack', local, ['Start', 'Follow', 'Announce', ...namesOf(stages)]],
  ])('are zips where they can be: %s', (_name, template, zips) => {
    const functions = Object.values(template.findResources('AWS::Lambda::Function'));
    const zipped = functions.filter(({ Properties }) => Properties.Handler === 'index.handler');
    const names = zipped.map(({ Properties }) => Properties.Environment.Variables.TASK);
    expect(names.sort()).toEqual([...zips].sort());
    for (const { Properties } of zipped) {
      expect(Properties.Runtime).toBe('nodejs24.x');
      expect(Properties.Code).toEqual(zipped[0]?.Properties.Code);
    }
  });

  test('have the memory that is priced, 15 minutes, traces, and one log', () => {
    const functions = Object.values(core.findResources('AWS::Lambda::Function'));
    expect(functions).toHaveLength(namesOf(stages).length + 5);
    for (const { Properties } of functions) {
      const { TASK } = Properties.Environment.Variables;
      const rows = [stages, triggers, endpoints].flatMap((table) => Object.values(table));
      const { memoryMiB } = rows.find(({ name }) => name === TASK)!;
      expect(Properties).toMatchObject({
        MemorySize: memoryMiB,
        Timeout: 900,
        Architectures: ['x86_64'],
        TracingConfig: { Mode: 'Active' },
        LoggingConfig: { LogFormat: 'JSON', LogGroup: { Ref: expect.stringMatching(/^Logs/) } },
      });
      expect(Properties.ReservedConcurrentExecutions).toBeUndefined();
    }
  });

  test('know what they need to', () => {
    const variables = (name: string, template = core) =>
      resource(template, 'AWS::Lambda::Function', name).Environment;
    expect(variables('PlanFunction')).toMatchObject({
      Variables: { TRAINER: 'function', BUDGET_USD: '20' },
    });
    expect(variables('PlanFunction', local)).not.toHaveProperty('Variables.BUDGET_USD');
    expect(variables('LabelFunction')).not.toHaveProperty('Variables.TRAINER');
    expect(variables('TriggerStartFunction')).toMatchObject({
      Variables: {
        RESULTS: { 'Fn::Join': ['', ['s3://', { Ref: expect.stringMatching(/^StorageResults/) }]] },
        STATE_MACHINE: {
          'Fn::Join': ['', expect.arrayContaining([':stateMachine:counterweight'])],
        },
      },
    });
    expect(variables('TriggerSweepFunction')).toMatchObject({
      Variables: {
        DATA_BUCKET: { Ref: expect.stringMatching(/^StorageData/) },
        SWEEP_MINUTES: '60',
      },
    });
    expect(variables('EndpointServeFunction')).toMatchObject({
      Variables: {
        RESULTS: { 'Fn::Join': ['', ['s3://', { Ref: expect.stringMatching(/^StorageResults/) }]] },
        DATASET: 'digits',
      },
    });
  });
});

describe('storage', () => {
  test.each(['AccessLogs', 'Data', 'Results'])('is closed, encrypted and kept: %s', (name) => {
    const buckets = core.findResources('AWS::S3::Bucket');
    const [id, bucket] = Object.entries(buckets).find(([id]) => id.startsWith(`Storage${name}`))!;
    expect(bucket).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    expect(bucket.Properties).toMatchObject({
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          { ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } },
        ],
      },
    });
    const policies = Object.values(core.findResources('AWS::S3::BucketPolicy'));
    const policy = policies.find(({ Properties }) => Properties.Bucket.Ref === id);
    expect(policy).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    core.hasResourceProperties('AWS::S3::BucketPolicy', {
      Bucket: { Ref: id },
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: 'Deny',
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          }),
          Match.objectLike({
            Effect: 'Deny',
            Condition: { NumericLessThan: { 's3:TlsVersion': 1.2 } },
          }),
        ]),
      },
    });
  });

  test('has versions, logs accesses, and notifies EventBridge of new objects', () => {
    const data = resource(core, 'AWS::S3::Bucket', 'StorageData');
    const results = resource(core, 'AWS::S3::Bucket', 'StorageResults');
    for (const bucket of [data, results]) {
      expect(bucket.VersioningConfiguration).toEqual({ Status: 'Enabled' });
      expect(bucket.LoggingConfiguration).toBeDefined();
    }
    expect(data.NotificationConfiguration).toEqual({
      EventBridgeConfiguration: { EventBridgeEnabled: true },
    });
    expect(results.NotificationConfiguration).toBeUndefined();
  });

  test('can be buckets that exist: the stack then makes none, and grants the same', () => {
    const named = { dataBucket: 'my-data', resultsBucket: 'my-results' };
    const { core: adopting, trainer } = synthesise({ ...allPrebuilt, ...named });
    adopting.resourceCountIs('AWS::S3::Bucket', 0);
    adopting.resourceCountIs('AWS::S3::BucketPolicy', 0);
    adopting.hasOutput('DataBucket', { Value: 'my-data' });
    adopting.hasOutput('ResultsBucket', { Value: 'my-results' });
    adopting.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: Match.objectLike({
        detail: Match.objectLike({ bucket: { name: ['my-data'] } }),
      }),
    });
    const created = synthesise(allPrebuilt);
    expect(trainer!.toJSON()).toEqual(created.trainer!.toJSON());
    const grants = (template: Template) =>
      rolesOf(template.toJSON()).map(({ name, grants }) => [
        name,
        ...grants.map(({ Action, Resource }) => {
          const on = Resource.map((resource) =>
            resource.replace(/^s3:my-(data|results)/, (_, bucket) =>
              bucket === 'data' ? '<StorageData>' : '<StorageResults>',
            ),
          );
          return `${Action} on ${on.sort()}`;
        }),
      ]);
    expect(grants(adopting)).toEqual(grants(created.core));
  });

  test('makes access logs if only one bucket exists', () => {
    const { core: adopting } = synthesise({ imageUri: prebuilt, dataBucket: 'my-data' });
    adopting.resourceCountIs('AWS::S3::Bucket', 2);
  });

  test('lets no present object expire but checkpoints: later runs read the others', () => {
    const rulesOf = (name: string) => {
      const { LifecycleConfiguration } = resource(core, 'AWS::S3::Bucket', name);
      return (LifecycleConfiguration as { Rules: Record<string, unknown>[] }).Rules;
    };
    const checkpoints = {
      Prefix: 'checkpoints/',
      ExpirationInDays: 90,
      NoncurrentVersionExpiration: { NoncurrentDays: 1 },
      Status: 'Enabled',
    };
    for (const name of ['StorageData', 'StorageResults']) {
      const rules = rulesOf(name);
      expect(JSON.stringify(rules)).toContain('AbortIncompleteMultipartUpload');
      const expiring = rules.filter((rule) =>
        /"Expiration(InDays|Date)"/.test(JSON.stringify(rule)),
      );
      expect(expiring).toEqual(name === 'StorageResults' ? [checkpoints] : []);
      expect(rules).toContainEqual({
        ExpiredObjectDeleteMarker: true,
        NoncurrentVersionExpiration: { NoncurrentDays: name === 'StorageData' ? 60 : 30 },
        Status: 'Enabled',
      });
    }
  });
});

describe('the workflow', () => {
  const machine = resource(core, 'AWS::StepFunctions::StateMachine');

  test('has a value for each placeholder of its file, and no other', () => {
    const file = new URL('../../infra/workflow.asl.json', import.meta.url);
    const placeholders = readFileSync(file, 'utf8').matchAll(/\$\{(\w+)\}/g);
    const names = new Set([...placeholders].map(([, name]) => name!));
    expect(Object.keys(machine.DefinitionSubstitutions as object).sort()).toEqual(
      [...names].sort(),
    );
  });

  test('is Standard, traced, and logged without what its states hold', () => {
    expect(machine).toMatchObject({
      StateMachineName: 'counterweight',
      StateMachineType: 'STANDARD',
      TracingConfiguration: { Enabled: true },
      LoggingConfiguration: { Level: 'ALL', IncludeExecutionData: false },
    });
  });
});

describe('the trigger', () => {
  test('is the arrival of a marker in the data bucket', () => {
    expect(resource(core, 'AWS::Events::Rule', 'TriggerMarkerArrived')).toMatchObject({
      State: 'ENABLED',
      EventPattern: {
        source: ['aws.s3'],
        'detail-type': ['Object Created'],
        detail: {
          bucket: { name: [{ Ref: expect.stringMatching(/^StorageData/) }] },
          object: { key: [{ suffix: '/_SUCCESS' }] },
        },
      },
    });
  });

  test('is the clock as well, if it is enabled', () => {
    const clock = resource(core, 'AWS::Events::Rule', 'TriggerClock');
    expect(clock.ScheduleExpression).toBe('rate(1 hour)');
    expect(Object.keys(local.findResources('AWS::Events::Rule')).sort()).toEqual([
      expect.stringMatching(/^AnnouncerRunEnded/),
      expect.stringMatching(/^TriggerHourly/),
      expect.stringMatching(/^TriggerMarkerArrived/),
      expect.stringMatching(/^TriggerRunChanged/),
    ]);
  });

  test('follows every run of the workflow, and looks every hour for what was not reported', () => {
    expect(resource(core, 'AWS::Events::Rule', 'TriggerRunChanged').EventPattern).toEqual({
      source: ['aws.states'],
      'detail-type': ['Step Functions Execution Status Change'],
      detail: {
        stateMachineArn: [
          { 'Fn::Join': ['', expect.arrayContaining([':stateMachine:counterweight'])] },
        ],
        status: ['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'],
      },
    });
    const hourly = resource(core, 'AWS::Events::Rule', 'TriggerHourly');
    expect(hourly.ScheduleExpression).toBe('rate(1 hour)');
  });

  test('loses no event: whatever fails for good is in the queue', () => {
    const queue = { 'Fn::GetAtt': [expect.stringMatching(/^TriggerDeadLetters/), 'Arn'] };
    for (const { Properties } of Object.values(withGpu.findResources('AWS::Events::Rule'))) {
      expect(Properties.Targets).toEqual([
        expect.objectContaining({
          DeadLetterConfig: { Arn: queue },
          RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
        }),
      ]);
    }
    const calls = Object.values(core.findResources('AWS::Lambda::EventInvokeConfig'));
    expect(calls).toHaveLength(4);
    for (const { Properties } of calls) {
      expect(Properties).toMatchObject({
        DestinationConfig: { OnFailure: { Destination: queue } },
        MaximumEventAgeInSeconds: 21_600,
        MaximumRetryAttempts: 2,
      });
    }
    core.hasResourceProperties('AWS::SQS::Queue', { SqsManagedSseEnabled: true });
  });
});

describe('the URL of a student', () => {
  test('answers only requests that IAM allows, and the stack allows none', () => {
    expect(resource(core, 'AWS::Lambda::Url')).toMatchObject({
      AuthType: 'AWS_IAM',
      TargetFunctionArn: { 'Fn::GetAtt': [expect.stringMatching(/^EndpointServeFunction/), 'Arn'] },
    });
    const permissions = Object.values(core.findResources('AWS::Lambda::Permission'));
    expect(JSON.stringify(permissions)).not.toContain('Endpoint');
  });

  test('is deployed only if a dataset is named', () => {
    local.resourceCountIs('AWS::Lambda::Url', 0);
    expect(local.findOutputs('StudentUrl')).toEqual({});
  });
});

describe('budgets', () => {
  const withBudgets = synthesise({ budgetPerDay: 20, budgetPerMonth: 200 }).core;

  test('are known to Plan, which refuses runs', () => {
    expect(
      resource(withBudgets, 'AWS::Lambda::Function', 'PlanFunction').Environment,
    ).toMatchObject({
      Variables: { BUDGET_PER_DAY_USD: '20', BUDGET_PER_MONTH_USD: '200' },
    });
  });

  test('ring on the topic of the alarms when AWS bills more, or expects to', () => {
    const budgets = Object.values(withBudgets.findResources('AWS::Budgets::Budget'));
    const SNS = {
      SubscriptionType: 'SNS',
      Address: { Ref: expect.stringMatching(/^AlarmsTopic/) },
    };
    expect(
      budgets.map(({ Properties: { Budget, NotificationsWithSubscribers } }) => [
        Budget,
        NotificationsWithSubscribers.map(
          ({ Notification, Subscribers }: Record<string, Record<string, unknown>>) => {
            expect(Subscribers).toEqual([SNS]);
            return [Notification?.NotificationType, Notification?.Threshold];
          },
        ),
      ]),
    ).toEqual([
      [
        { BudgetType: 'COST', TimeUnit: 'DAILY', BudgetLimit: { Amount: 20, Unit: 'USD' } },
        [['ACTUAL', 100]],
      ],
      [
        { BudgetType: 'COST', TimeUnit: 'MONTHLY', BudgetLimit: { Amount: 200, Unit: 'USD' } },
        [
          ['ACTUAL', 80],
          ['ACTUAL', 100],
          ['FORECASTED', 100],
        ],
      ],
    ]);
  });

  test('of this account alone may publish on the topic, and encrypt what they publish', () => {
    const ofAccount = {
      StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
      ArnLike: { 'aws:SourceArn': expect.anything() },
    };
    const statements = ['AWS::SNS::TopicPolicy', 'AWS::KMS::Key'].flatMap((type) =>
      Object.values(withBudgets.findResources(type)).flatMap(
        ({ Properties: { PolicyDocument, KeyPolicy } }) =>
          (PolicyDocument ?? KeyPolicy).Statement as { Principal?: { Service?: unknown } }[],
      ),
    );
    const published = statements.filter(
      ({ Principal }) => Principal?.Service === 'budgets.amazonaws.com',
    );
    expect(published).toMatchObject([
      { Action: 'sns:Publish', Condition: ofAccount },
      { Action: ['kms:Decrypt', 'kms:GenerateDataKey*'], Condition: ofAccount },
    ]);
  });

  test('are made only if they are set, and not on LocalStack', () => {
    core.resourceCountIs('AWS::Budgets::Budget', 0);
    const onLocalStack = synthesise({ local: true, budgetPerDay: 20 }).core;
    onLocalStack.resourceCountIs('AWS::Budgets::Budget', 0);
  });
});

describe('alarms', () => {
  test('all ring on the topic', () => {
    const alarms = Object.entries(core.findResources('AWS::CloudWatch::Alarm'));
    expect(alarms.map(([id]) => id.replace(/^Alarms|[0-9A-F]{8}$/g, '')).sort()).toEqual([
      'EncodeIsThrottled',
      'EventLost',
      'LabelIsThrottled',
      'RunAborted',
      'RunFailed',
      'RunTimedOut',
      'StartFails',
      'StartIsLate',
      'WeighIsThrottled',
    ]);
    for (const [, { Properties }] of alarms) {
      expect(Properties.AlarmActions).toEqual([{ Ref: expect.stringMatching(/^AlarmsTopic/) }]);
      expect(Properties.TreatMissingData).toBe('notBreaching');
    }
  });

  test.each(['core', 'with GPUs'])('there is one per dead-letter queue: %s', (which) => {
    const template = which === 'core' ? core : withGpu;
    const queues = Object.keys(template.findResources('AWS::SQS::Queue'));
    const alarms = Object.values(template.findResources('AWS::CloudWatch::Alarm'));
    const watched = alarms
      .filter(({ Properties }) => Properties.Namespace === 'AWS/SQS')
      .map(({ Properties }) => Properties.Dimensions[0].Value['Fn::GetAtt']);
    expect(queues.length).toBeGreaterThan(0);
    expect(watched).toEqual(queues.map((queue) => [queue, 'QueueName']));
  });

  test('cover every way in which a run can end without success', () => {
    const alarms = Object.values(core.findResources('AWS::CloudWatch::Alarm'));
    const metrics = alarms
      .filter(({ Properties }) => Properties.Namespace === 'AWS/States')
      .map(({ Properties }) => Properties.MetricName);
    expect(metrics.sort()).toEqual(['ExecutionsAborted', 'ExecutionsFailed', 'ExecutionsTimedOut']);
  });

  test('are sent to the address, and to none if none is given', () => {
    expect(resource(core, 'AWS::SNS::Subscription')).toEqual({
      Protocol: 'email',
      Endpoint: 'team@example.com',
      TopicArn: { Ref: expect.stringMatching(/^AlarmsTopic/) },
    });
    local.resourceCountIs('AWS::SNS::Subscription', 0);
  });

  test('are encrypted with a key that CloudWatch and EventBridge may use', () => {
    const { KmsMasterKeyId } = resource(core, 'AWS::SNS::Topic');
    expect(KmsMasterKeyId).toEqual({ 'Fn::GetAtt': [expect.stringMatching(/^AlarmsKey/), 'Arn'] });
    const { KeyPolicy, EnableKeyRotation } = resource(core, 'AWS::KMS::Key');
    expect(EnableKeyRotation).toBe(true);
    // A condition on the source would keep EventBridge from publishing.
    expect((KeyPolicy as { Statement: unknown[] }).Statement).toContainEqual({
      Sid: 'EncryptMessages',
      Effect: 'Allow',
      Principal: { Service: ['cloudwatch.amazonaws.com', 'events.amazonaws.com'] },
      Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
      Resource: '*',
    });
  });

  test('report a blocked queue of GPU jobs, if there is one', () => {
    const rule = resource(withGpu, 'AWS::Events::Rule', 'AlarmsQueueBlocked');
    expect(rule).toMatchObject({
      EventPattern: {
        source: ['aws.batch'],
        'detail-type': ['Batch Job Queue Blocked'],
        detail: { jobQueue: [{ 'Fn::Join': ['', expect.anything()] }] },
      },
      Targets: [{ Arn: { Ref: expect.stringMatching(/^AlarmsTopic/) } }],
    });
    expect(JSON.stringify(rule)).toContain(':job-queue/counterweight-trainer');
    expect(core.findResources('AWS::Events::Rule')).not.toHaveProperty(
      Object.keys(withGpu.findResources('AWS::Events::Rule')).find((id) =>
        id.startsWith('AlarmsQueueBlocked'),
      )!,
    );
  });
});

describe('the end of a run', () => {
  test('is announced by a function: of the machine itself, whatever the status', () => {
    expect(resource(core, 'AWS::Events::Rule', 'AnnouncerRunEnded')).toMatchObject({
      EventPattern: {
        source: ['aws.states'],
        'detail-type': ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: [
            { 'Fn::Join': ['', expect.arrayContaining([':stateMachine:counterweight'])] },
          ],
          status: ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'],
        },
      },
      Targets: [{ Arn: { 'Fn::GetAtt': [expect.stringMatching(/^AnnouncerAnnounce/), 'Arn'] } }],
    });
  });
});

describe('the stack', () => {
  test('has the outputs that the command line reads', () => {
    expect(Object.keys(core.findOutputs('*')).sort()).toEqual([
      'AlarmTopic',
      'DataBucket',
      'LogGroup',
      'ResultsBucket',
      'StateMachine',
      'StudentUrl',
      'Trainer',
    ]);
    core.hasOutput('Trainer', { Value: 'function' });
  });

  test('has nothing that LocalStack would skip without a word', () => {
    const { Resources } = local.toJSON() as { Resources: Record<string, { Type: string }> };
    const types = new Set(Object.values(Resources).map(({ Type }) => Type));
    expect([...types].filter((type) => type.startsWith('Custom::'))).toEqual([]);
    expect(types).not.toContain('AWS::CloudFormation::CustomResource');
  });

  test('is for no account and region in particular', () => {
    expect(JSON.stringify(core.toJSON())).not.toMatch(/us-east-1|:\d{12}:(?!repository)/);
  });
});

interface ImageAsset {
  source: { directory: string; dockerFile: string };
}

/** Files that a Dockerfile copies; `package-lock.jso[n]` is a file that may be missing. */
function copiedBy(dockerfile: string): string[] {
  const copies = readFileSync(dockerfile, 'utf8').matchAll(
    /^COPY (?:--chmod=\d+ )?(?!--)(.+) \S+$/gm,
  );
  return [...copies].flatMap(([, sources]) => sources!.replaceAll(/[[\]]/g, '').split(' '));
}
