/** The workflow's file holds to what the embedded engine, LocalStack and AWS all run. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import aslValidator from 'asl-validator';
import { describe, expect, test } from 'vitest';
import { callTimeoutSeconds, gpuTrainingSeconds } from '../../src/cost/functions.ts';
import { stages } from '../../src/stages/index.ts';
import { maxShards } from '../../src/stages/plan/pin-inputs.ts';
import { namesOf } from '../../src/table.ts';
import { synthesise } from './synthesise.ts';

type Json = null | boolean | number | string | Json[] | { [field: string]: Json };
interface State {
  Type: string;
  ItemReader?: { Resource: string; ReaderConfig: { InputType: string } };
  ItemProcessor?: Machine & { ProcessorConfig: Record<string, string> };
  Choices?: { Next: string; [test: string]: Json }[];
  Retry?: { ErrorEquals: string[]; [field: string]: Json }[];
  Parameters?: Record<string, Json>;
  [field: string]: unknown;
}
interface Machine {
  StartAt: string;
  States: Record<string, State>;
}

const file = new URL('../../infra/workflow.asl.json', import.meta.url);
const workflow: Machine = JSON.parse(readFileSync(file, 'utf8'));

describe('the workflow', () => {
  test('fits the schema of Amazon States Language', () => {
    const substituted = JSON.parse(
      JSON.stringify(workflow).replaceAll(/\$\{(\w+)\}/g, 'arn:aws:lambda:us-east-1:1:function:$1'),
    );
    const { isValid, errorsText } = aslValidator(substituted);
    expect(isValid, errorsText()).toBe(true);
  });

  test('calls each function of functions/, and no other', () => {
    const called = statesOf(workflow).flatMap(
      ([, { Parameters }]) => Parameters?.FunctionName ?? [],
    );
    expect(called.sort()).toEqual(
      namesOf(stages)
        .map((name) => `\${${name}Function}`)
        .sort(),
    );
  });
});

/** A feature that one of the engines lacks, or a trap that it sets. */
interface Trap<Subject> {
  readonly what: string;
  /** Consequence of the mistake. */
  readonly otherwise: string;
  /** Spoils the workflow with the mistake. */
  readonly found: (subject: Subject) => string[];
  /** Steps into it, to show that `found` finds it. */
  readonly spoil: (subject: Subject) => void;
}

const traps: Trap<Machine>[] = [
  // The query language
  {
    what: 'JSONata',
    otherwise: 'the interpreter has none; LocalStack needs Java, and four jars at the first use',
    found: (machine) => [
      ...fields(machine, /^(QueryLanguage|Arguments|Output|Items)$/),
      ...texts(machine, /\{%/),
    ],
    spoil: (machine) => Object.assign(machine, { QueryLanguage: 'JSONata' }),
  },
  {
    what: '$name variables',
    otherwise: 'the interpreter has none; LocalStack needs Java to read them',
    found: (machine) => [
      ...fields(machine, /^Assign$/),
      ...texts(machine, /(^|[^$\w])\$[A-Za-z_]/),
    ],
    spoil: ({ States }) => Object.assign(States.Plan!.Parameters!, { 'Payload.$': '$job' }),
  },
  {
    what: 'intrinsic functions but States.Format',
    otherwise: 'each is one more that three engines would have to agree on',
    found: (machine) => texts(machine, /States\.(?!Format\(|(ALL|Timeout|ItemReaderFailed)$)/),
    spoil: ({ States }) =>
      Object.assign(States.Plan!.Parameters!, {
        'Payload.$': 'States.JsonMerge($, $.plan, false)',
      }),
  },
  {
    what: 'any other field',
    otherwise: 'what no test runs on all three engines may mean something else on one of them',
    found: (machine) =>
      statesOf(machine).flatMap(([name, state]) =>
        Object.keys(state)
          .filter((field) => !fieldsOfAll[state.Type]?.includes(field))
          .map((field) => `${name}.${field}`),
      ),
    spoil: ({ States }) => Object.assign(States.Label!, { InputPath: '$.plan' }),
  },

  // Distributed Map
  {
    what: 'ItemBatcher',
    otherwise: 'LocalStack rejects the machine; Plan cuts shards instead',
    found: (machine) => fields(machine, /^ItemBatcher$/),
    spoil: ({ States }) => Object.assign(States.Label!, { ItemBatcher: { MaxItemsPerBatch: 10 } }),
  },
  ...['JSONL', 'MANIFEST', 'PARQUET', 'CSV'].map(
    (type): Trap<Machine> => ({
      what: `a reader of ${type}`,
      otherwise:
        type === 'CSV'
          ? 'every field of a shard would be a text'
          : 'LocalStack rejects the machine; the manifest is a JSON array',
      found: (machine) =>
        statesOf(machine)
          .filter(([, { ItemReader }]) => ItemReader?.ReaderConfig.InputType === type)
          .map(([name]) => name),
      spoil: ({ States }) =>
        Object.assign(States.Label!.ItemReader!.ReaderConfig, { InputType: type }),
    }),
  ),
  {
    what: 'a reader that lists objects',
    otherwise: 'the embedded engine reads manifests only, and a listing pins no version',
    found: (machine) =>
      statesOf(machine)
        .filter(
          ([, { ItemReader }]) => ItemReader && !ItemReader.Resource.endsWith(':s3:getObject'),
        )
        .map(([name]) => name),
    spoil: ({ States }) =>
      Object.assign(States.Weigh!.ItemReader!, { Resource: 'arn:aws:states:::s3:listObjectsV2' }),
  },
  {
    what: 'EXPRESS children',
    otherwise: 'LocalStack rejects the machine; on AWS a child would end after 5 minutes',
    found: (machine) => processors(machine, ({ ExecutionType }) => ExecutionType === 'EXPRESS'),
    spoil: ({ States }) =>
      Object.assign(States.Label!.ItemProcessor!.ProcessorConfig, { ExecutionType: 'EXPRESS' }),
  },
  {
    what: 'ResultWriter',
    otherwise: 'LocalStack writes an empty manifest; what was done is known by its keys',
    found: (machine) => fields(machine, /^(ResultWriter|WriterConfig)$/),
    spoil: ({ States }) =>
      Object.assign(States.Label!, { ResultWriter: { Resource: 'arn:aws:states:::s3:putObject' } }),
  },
  {
    what: 'a result of a Distributed Map above 256 KiB',
    otherwise: 'AWS fails the map after all shards are done; LocalStack does not look',
    found: (machine) =>
      distributedMaps(machine)
        .filter(([, map]) => maxShards * (answerBytes(map) + ','.length) > 256 * 1024)
        .map(([name]) => name),
    spoil: ({ States }) => {
      delete States.Label!.ItemProcessor!.States['Label shard']!.OutputPath;
    },
  },
  {
    what: 'an integer ToleratedFailurePercentage',
    otherwise: 'LocalStack cannot parse it',
    found: (machine) => fields(machine, /^ToleratedFailurePercentage$/),
    spoil: ({ States }) => Object.assign(States.Label!, { ToleratedFailurePercentage: 50 }),
  },
  {
    what: 'ToleratedFailureCount, …Percentage, …Path',
    otherwise: 'LocalStack never enforces them: failed shards would pass; Reconcile counts instead',
    found: (machine) => fields(machine, /^ToleratedFailure/),
    spoil: ({ States }) => Object.assign(States.Label!, { ToleratedFailureCountPath: '$.limit' }),
  },
  {
    what: 'a Map without a maximum of its own or of the plan',
    otherwise: 'AWS starts 10,000 children, which takes every Lambda of the account',
    found: (machine) =>
      statesOf(machine)
        .filter(([, { Type }]) => Type === 'Map')
        .filter(
          ([, { MaxConcurrency: most, MaxConcurrencyPath: path }]) =>
            !(Number(most) <= 100) && path !== '$.plan.concurrency',
        )
        .map(([name]) => name),
    spoil: ({ States }) => {
      delete States.Weigh!.MaxConcurrencyPath;
    },
  },
  {
    what: 'an inline Map of more than 40 at once',
    otherwise: 'AWS runs at most 40, whatever the file sets',
    found: (machine) =>
      statesOf(machine)
        .filter(([, { ItemProcessor }]) => ItemProcessor?.ProcessorConfig.Mode === 'INLINE')
        .filter(([, { MaxConcurrency: most }]) => !(Number(most) <= 40))
        .map(([name]) => name),
    spoil: ({ States }) => Object.assign(States['Train variants']!, { MaxConcurrency: 50 }),
  },

  // Tasks
  {
    what: 'waitForTaskToken',
    otherwise: 'on LocalStack a worker may answer before its token is known: InvalidToken',
    found: (machine) => texts(machine, /waitForTaskToken|Task\.Token/),
    spoil: ({ States }) =>
      Object.assign(States.Publish!, {
        Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
      }),
  },
  {
    what: 'HeartbeatSeconds',
    otherwise: 'it ends as States.HeartbeatTimeout on AWS and as States.Timeout on LocalStack',
    found: (machine) => fields(machine, /^Heartbeat/),
    spoil: ({ States }) => Object.assign(States.Publish!, { HeartbeatSeconds: 60 }),
  },
  ...['ecs:runTask.sync', 'sagemaker:createTrainingJob.sync', 'aws-sdk:s3:putObject'].map(
    (service): Trap<Machine> => ({
      what: service,
      otherwise: service.startsWith('aws-sdk')
        ? 'the embedded engine has functions only'
        : 'LocalStack lacks the service; AWS Batch has a queue and retries Spot reclaims',
      found: (machine) => texts(machine, new RegExp(`:states:::${service}`)),
      spoil: ({ States }) =>
        Object.assign(States.Publish!, { Resource: `arn:aws:states:::${service}` }),
    }),
  ),
  {
    what: 'an Activity, or any service but the three that are handled',
    otherwise: 'the embedded engine calls functions, reads manifests, and takes Batch for Train',
    found: (machine) =>
      texts(machine, /^arn:/).filter(
        (found) => !/:::(lambda:invoke|batch:submitJob\.sync|s3:getObject)$/.test(found),
      ),
    spoil: ({ States }) =>
      Object.assign(States.Publish!, { Resource: 'arn:aws:states:us-east-1:1:activity:publish' }),
  },
  {
    what: 'AWS Batch without a GPU trainer',
    otherwise: 'LocalStack fails the run: it has no Batch',
    found: (machine) => batchWithoutGpu(machine),
    spoil: ({ States }) =>
      Object.assign(States['Train variants']!.ItemProcessor!.States['Where to train']!, {
        Default: 'Train on GPU',
      }),
  },
  {
    what: 'a Task without the TimeoutSeconds of its function or job',
    otherwise: 'when an answer is lost, AWS waits for ever, or as long as for a job',
    found: (machine) =>
      tasks(machine, ({ Resource, TimeoutSeconds }) => {
        const isJob = String(Resource).includes(':batch:');
        return TimeoutSeconds !== (isJob ? gpuTrainingSeconds : callTimeoutSeconds);
      }),
    spoil: ({ States }) => {
      delete States['Warm up']!.TimeoutSeconds;
    },
  },
  {
    what: 'a Task whose answer stays in the state',
    otherwise: 'the state grows with the run until AWS fails it at 256 KiB',
    found: (machine) =>
      tasks(
        machine,
        ({ ResultPath, ResultSelector, OutputPath }) =>
          ResultPath !== null && ResultSelector === undefined && OutputPath === undefined,
      ),
    spoil: ({ States }) => {
      delete States.Reconcile!.ResultPath;
    },
  },

  // Errors
  {
    what: 'a Task that is not tried again when it is throttled',
    otherwise: "Lambda's 429 fails the run; what CDK adds by default does not have it",
    found: (machine) =>
      tasks(machine, ({ Resource, Retry }) => {
        const throttled = String(Resource).includes(':batch:')
          ? 'Batch.AWSBatchException'
          : 'Lambda.TooManyRequestsException';
        const retry = Retry?.find(({ ErrorEquals }) => ErrorEquals.includes(throttled));
        return retry?.JitterStrategy !== 'FULL' || Number(retry.MaxAttempts) < 5;
      }),
    spoil: ({ States }) => States.Evaluate!.Retry!.shift(),
  },
  {
    what: 'a function whose lost answer is not requested again',
    otherwise: 'the run fails, although the work may be done',
    found: (machine) =>
      tasks(
        machine,
        ({ Resource, Retry = [] }) =>
          String(Resource).includes(':lambda:') &&
          !Retry.some(({ ErrorEquals }) => ErrorEquals.includes('States.Timeout')),
      ),
    spoil: ({ States }) => {
      delete States.Evaluate!.Retry;
    },
  },
  {
    what: 'a function that is called again after some of its deaths only',
    otherwise: 'a short lack of memory fails the run on AWS, and not in the embedded engine',
    found: (machine) =>
      tasks(
        machine,
        ({ Resource, Retry = [] }) =>
          String(Resource).includes(':lambda:') &&
          !Retry.some(({ ErrorEquals }) => deaths.every((error) => ErrorEquals.includes(error))),
      ),
    spoil: ({ States }) => States.Evaluate!.Retry![2]!.ErrorEquals.splice(2, 1),
  },
  {
    what: 'a training of many calls that few transient errors end',
    otherwise: 'retriers count for the whole state: six errors in 25 hours would fail the run',
    found: (machine) =>
      statesOf(machine)
        .filter(([, { Retry = [] }]) =>
          Retry.some(({ ErrorEquals }) => ErrorEquals.includes('InterruptedError')),
        )
        .filter(([, { Retry = [] }]) =>
          Retry.some(
            ({ ErrorEquals, MaxAttempts }) =>
              Number(MaxAttempts) < 10 && !ErrorEquals.includes('StalledError'),
          ),
        )
        .map(([name]) => name),
    spoil: ({ States }) => Object.assign(States['Warm up']!.Retry![1]!, { MaxAttempts: 6 }),
  },
  {
    what: 'a manifest whose reading is tried once',
    otherwise: 'one failed request to S3 ends the run',
    found: (machine) =>
      statesOf(machine)
        .filter(([, { ItemReader }]) => ItemReader)
        .filter(([, { Retry }]) => Retry?.[0]?.ErrorEquals[0] !== 'States.ItemReaderFailed')
        .map(([name]) => name),
    spoil: ({ States }) => {
      delete States.Label!.Retry;
    },
  },
  {
    what: 'more retries of throttled calls than the history of an execution holds',
    otherwise: 'AWS fails an execution at 25,000 events; a retry has at most four',
    found: (machine) =>
      tasks(machine, ({ Retry = [] }) =>
        Retry.some(({ MaxAttempts }) => 4 * Number(MaxAttempts) > 24_000),
      ),
    spoil: ({ States }) => Object.assign(States.Plan!.Retry![0]!, { MaxAttempts: 10_000 }),
  },
  {
    what: 'an error under another name than its engine gives it',
    otherwise: 'the retry or catch never applies',
    found: (machine) =>
      statesOf(machine).flatMap(([name, { Retry = [] }]) =>
        Retry.flatMap(({ ErrorEquals }) => ErrorEquals)
          .filter((error) => !errorNames.includes(error))
          .map((error) => `${name}: ${error}`),
      ),
    // Not the name: on a Lambda's own errors there is no prefix.
    spoil: ({ States }) => States.Plan!.Retry![0]!.ErrorEquals.push('Lambda.TransientError'),
  },
  {
    what: 'a failure that is caught',
    otherwise: 'a redrive resumes from the state that caught it, not from the failed state',
    found: (machine) =>
      statesOf(machine).flatMap(([name, { Catch, Type }]) =>
        Catch !== undefined || Type === 'Fail' ? [name] : [],
      ),
    spoil: ({ States }) =>
      Object.assign(States.Weigh!, { Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Done' }] }),
  },
  {
    what: 'a name of more than 80 characters, or a file above 1 MB',
    otherwise: 'AWS rejects the machine',
    found: (machine) => [
      ...statesOf(machine).flatMap(([name]) => (name.length > 80 ? [name] : [])),
      ...(JSON.stringify(machine).length > 1e6 ? ['the file'] : []),
    ],
    spoil: ({ States }) => Object.assign(States, { ['x'.repeat(81)]: States.Done }),
  },
];

/** Fields that the embedded interpreter, LocalStack 4.14 and AWS support, by type of state. */
const fieldsOfAll: Record<string, string[]> = {
  Task: [
    ...['Type', 'Resource', 'TimeoutSeconds', 'Parameters', 'ResultSelector', 'ResultPath'],
    ...['OutputPath', 'Retry', 'Next', 'End'],
  ],
  Map: [
    ...['Type', 'ItemReader', 'ItemsPath', 'MaxConcurrency', 'MaxConcurrencyPath'],
    ...['ItemSelector', 'ItemProcessor', 'ResultPath', 'Retry', 'Next'],
  ],
  Choice: ['Type', 'Choices', 'Default'],
  Succeed: ['Type'],
};

/** Errors of Lambda for a process that died. The newer name is that of a lack of memory. */
const deaths = ['Lambda.Unknown', 'Runtime.ExitError', 'Runtime.OutOfMemory'];

const errorNames = [
  ...['TransientError', 'InterruptedError', 'StalledError', 'Sandbox.Timedout', ...deaths],
  ...[
    'TooManyRequestsException',
    'ServiceException',
    'AWSLambdaException',
    'SdkClientException',
  ].map((name) => `Lambda.${name}`),
  ...['Batch.AWSBatchException', 'Batch.ServerException', 'Batch.SdkClientException'],
  ...['States.Timeout', 'States.ItemReaderFailed'],
];

describe('the workflow avoids', () => {
  test.each(traps)('$what: $otherwise', ({ found, spoil }) => {
    expect(found(workflow)).toEqual([]);
    const spoiled = structuredClone(workflow);
    spoil(spoiled);
    expect(found(spoiled)).not.toEqual([]);
  });
});

interface Resource {
  readonly Type: string;
  Properties?: Record<string, Json>;
}
interface Stack {
  readonly Resources: Record<string, Resource>;
}

const notDeployable: Trap<Stack>[] = [
  {
    what: 'eventBridgeEnabled: true of the L2 bucket',
    otherwise: 'LocalStack skips its custom resource in silence, and no event ever comes',
    found: ({ Resources }) => [
      ...typed(Resources, /^Custom::S3BucketNotifications$/),
      ...(Object.values(Resources).some(notifiesEventBridge)
        ? []
        : ['no bucket notifies EventBridge']),
    ],
    spoil: ({ Resources }) => {
      const bucket = Object.values(Resources).find(notifiesEventBridge)!;
      delete bucket.Properties!.NotificationConfiguration;
      Resources.Notifications = { Type: 'Custom::S3BucketNotifications' };
    },
  },
  {
    what: 'custom resources at all, such as autoDeleteObjects',
    otherwise: 'LocalStack looks every one up as the same missing provider, and does nothing',
    found: ({ Resources }) => typed(Resources, /^(Custom::|AWS::CloudFormation::CustomResource$)/),
    spoil: ({ Resources }) => {
      Resources.Deletion = { Type: 'Custom::S3AutoDeleteObjects' };
    },
  },
  {
    what: 'an input transformer to Step Functions without id',
    otherwise: 'LocalStack starts nothing, and reports nothing',
    found: ({ Resources }) =>
      targets(Resources)
        .filter(([, target]) => /states|StateMachine/i.test(JSON.stringify(target.Arn)))
        .filter(
          ([, { InputTransformer }]) => !/"id"/.test(JSON.stringify(InputTransformer ?? 'id')),
        )
        .map(([rule]) => rule),
    spoil: ({ Resources }) => {
      const [, target] = targets(Resources)[0]!;
      target.Arn = { Ref: 'StateMachine' };
      target.InputTransformer = { InputTemplate: '{"key": <key>}' };
    },
  },
  {
    what: 'AWS Batch, ECS and EC2 in the stack of the rest',
    otherwise: 'LocalStack puts no-ops in their place, and what refers to one fails',
    found: ({ Resources }) => typed(Resources, /^AWS::(Batch|ECS|EC2|AutoScaling)::/),
    spoil: ({ Resources }) => {
      Resources.Queue = { Type: 'AWS::Batch::JobQueue' };
    },
  },
  {
    what: 'Pipes, DynamoDB and API Gateway',
    otherwise: 'LocalStack lacks them, or downloads them when they are first used',
    found: ({ Resources }) => typed(Resources, /^AWS::(Pipes|DynamoDB|ApiGateway(V2)?)::/),
    spoil: ({ Resources }) => {
      Resources.Pipe = { Type: 'AWS::Pipes::Pipe' };
    },
  },
  {
    what: 'functions that are images, and layers',
    otherwise: 'without Docker LocalStack runs neither: functions are zips with all they need',
    found: ({ Resources }) =>
      Object.entries(Resources)
        .filter(([, { Type }]) => Type === 'AWS::Lambda::Function')
        .filter(([, { Properties }]) => Properties?.PackageType === 'Image' || Properties?.Layers)
        .map(([name]) => name),
    spoil: ({ Resources }) => {
      const [name] = typed(Resources, /^AWS::Lambda::Function$/);
      Resources[name!]!.Properties!.Layers = ['arn:aws:lambda:us-east-1:1:layer:tensorflow:1'];
    },
  },
];

describe('the stack, as LocalStack gets it, avoids', () => {
  // A template is JSON, and has resources.
  const template = synthesise({ local: true }).core.toJSON() as unknown as Stack;

  test.each(notDeployable)('$what: $otherwise', ({ found, spoil }) => {
    expect(found(template)).toEqual([]);
    const spoiled = structuredClone(template);
    spoil(spoiled);
    expect(found(spoiled)).not.toEqual([]);
  });
});

/** Source files of src/ and functions/. */
const notCallable: Trap<string[]>[] = [
  {
    what: "SQS's client",
    otherwise: 'queue URLs name a host that does not resolve here',
    found: (sources) => sources.filter((source) => source.includes('@aws-sdk/client-sqs')),
    spoil: (sources) => sources.push("import { SQSClient } from '@aws-sdk/client-sqs';"),
  },
  {
    what: 'calls of Step Functions that put a prefix before the host',
    otherwise: 'the host does not resolve here',
    found: (sources) => sources.filter((source) => /(TestState|StartSync\w+)Command/.test(source)),
    spoil: (sources) => sources.push('new TestStateCommand({})'),
  },
  {
    what: "S3's host-style addresses",
    otherwise: 'a host BUCKET.127.0.0.1 does not resolve',
    found: (sources) =>
      sources.filter((source) => /new S3Client\((?![^;]*forcePathStyle)/.test(source)),
    spoil: (sources) => sources.push('new S3Client({});'),
  },
];

describe('the code avoids', () => {
  const sources = ['src', 'functions'].flatMap((folder) =>
    readdirSync(new URL(`../../${folder}`, import.meta.url), {
      recursive: true,
      withFileTypes: true,
    })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8')),
  );

  test.each(notCallable)('$what: $otherwise', ({ found, spoil }) => {
    expect(found(sources)).toEqual([]);
    const spoiled = [...sources];
    spoil(spoiled);
    expect(found(spoiled)).not.toEqual([]);
  });
});

/** All states, those of maps too, with their names. */
function statesOf({ States }: Machine): [string, State][] {
  return Object.entries(States).flatMap(([name, state]) => [
    [name, state] as [string, State],
    ...(state.ItemProcessor ? statesOf(state.ItemProcessor) : []),
  ]);
}

function tasks(machine: Machine, fails: (state: State) => boolean): string[] {
  return statesOf(machine)
    .filter(([, state]) => state.Type === 'Task' && fails(state))
    .map(([name]) => name);
}

function processors(
  machine: Machine,
  fails: (config: Record<string, string>) => boolean,
): string[] {
  return statesOf(machine)
    .filter(([, { ItemProcessor }]) => ItemProcessor && fails(ItemProcessor.ProcessorConfig))
    .map(([name]) => name);
}

function distributedMaps(machine: Machine): [string, State][] {
  return statesOf(machine).filter(
    ([, { ItemProcessor }]) => ItemProcessor?.ProcessorConfig.Mode === 'DISTRIBUTED',
  );
}

/** Length of a child's result: the function's own, one character, or all fields of Lambda. */
function answerBytes({ ItemProcessor }: State): number {
  const [, last] = Object.entries(ItemProcessor!.States).find(([, { End }]) => End === true)!;
  const answered = { ExecutedVersion: '$LATEST', Payload: 1, StatusCode: 200 };
  return JSON.stringify(last.OutputPath === '$.Payload' ? answered.Payload : answered).length;
}

/** States that submit a Batch job and can be reached without a variant that asks for a GPU. */
function batchWithoutGpu(machine: Machine): string[] {
  return levels(machine).flatMap(({ StartAt, States }) => {
    const reached = Object.values(States).flatMap(({ Next, Default, Choices = [] }) => [
      ...[Next, Default],
      ...Choices.filter(({ StringEquals }) => StringEquals !== 'gpu').map((choice) => choice.Next),
    ]);
    return Object.entries(States)
      .filter(([, { Resource }]) => String(Resource).includes(':batch:'))
      .filter(([name]) => name === StartAt || reached.includes(name))
      .map(([name]) => name);
  });
}

function levels(machine: Machine): Machine[] {
  const inner = Object.values(machine.States).flatMap(({ ItemProcessor }) => ItemProcessor ?? []);
  return [machine, ...inner.flatMap(levels)];
}

/** Every value of a JSON document, with the path to it. */
function* walk(value: unknown, path: string[] = []): Generator<[string[], unknown]> {
  yield [path, value];
  if (typeof value !== 'object' || value === null) return;
  for (const [field, inner] of Object.entries(value)) yield* walk(inner, [...path, field]);
}

function fields(document: unknown, name: RegExp): string[] {
  return [...walk(document)]
    .filter(([path]) => name.test(path.at(-1) ?? ''))
    .map(([path]) => path.join('.'));
}

/** The texts in a document that match, where `Comment` and what a user reads do not count. */
function texts(document: unknown, pattern: RegExp): string[] {
  return [...walk(document)].flatMap(([path, value]) => {
    const isProse = ['Comment', 'Cause'].includes(path.at(-1) ?? '');
    return typeof value === 'string' && !isProse && pattern.test(value) ? [value] : [];
  });
}

function typed(resources: Stack['Resources'], type: RegExp): string[] {
  return Object.keys(resources).filter((name) => type.test(resources[name]!.Type));
}

function notifiesEventBridge({ Properties }: Resource): boolean {
  return /"EventBridgeEnabled":true/.test(JSON.stringify(Properties?.NotificationConfiguration));
}

/** The targets of all rules, each with the name of its rule. */
function targets(resources: Stack['Resources']): [string, Record<string, Json>][] {
  return typed(resources, /^AWS::Events::Rule$/).flatMap((name) => {
    const { Targets = [] } = resources[name]!.Properties!;
    // By CloudFormation's definition of a rule.
    return (Targets as Record<string, Json>[]).map((target) => [name, target] as const);
  }) as [string, Record<string, Json>][];
}
