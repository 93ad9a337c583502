import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/cli/arguments.ts';
import { refuseForeignImages, refuseKeptDays } from '../../src/cli/deploy.ts';
import { contextOf, datasetOf, settingsOf } from '../../src/cli/deploy-settings.ts';
import { renderDeployment, renderEndpoint } from '../../src/cli/deploy-text.ts';

describe('settingsOf', () => {
  test('gives the CDK app what it knows, and nothing that was not said', () => {
    expect(settingsOf({ trainer: 'function' })).toEqual({ trainer: 'function' });
    const image = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/counterweight:1.2.0';
    expect(
      settingsOf({
        trainer: 'gpu',
        budget: '12.5',
        concurrency: '9',
        'sweep-minutes': '60',
        'keep-replaced-days': '365',
        serve: 'digits',
        'alarm-email': 'team@example.com',
        'image-uri': image,
        'trainer-image-uri': image,
        'data-bucket': 'my-data',
        'results-bucket': 'my-results',
        'data-account': '123456789012',
        'kms-key': 'arn:aws:kms:eu-west-1:123456789012:key/a-b',
        subnets: 'subnet-0123abcd,subnet-4567cdef',
        'security-groups': 'sg-0123abcd',
        name: 'blue',
        tags: 'team=vision',
        'permissions-boundary': 'limits',
        qualifier: 'blue1',
      }),
    ).toEqual({
      trainer: 'gpu',
      budget: '12.5',
      concurrency: '9',
      sweepMinutes: '60',
      replacedDataDays: '365',
      serve: 'digits',
      alarmEmail: 'team@example.com',
      imageUri: image,
      trainerImageUri: image,
      dataBucket: 'my-data',
      resultsBucket: 'my-results',
      dataAccount: '123456789012',
      kmsKey: 'arn:aws:kms:eu-west-1:123456789012:key/a-b',
      subnets: 'subnet-0123abcd,subnet-4567cdef',
      securityGroups: 'sg-0123abcd',
      name: 'blue',
      tags: 'team=vision',
      permissionsBoundary: 'limits',
      '@aws-cdk/core:bootstrapQualifier': 'blue1',
    });
  });

  test.each([
    [{ trainer: 'cpu' }, /--trainer is gpu or function, found "cpu"/],
    [{ trainer: 'gpu', budget: '0' }, /--budget .*found "0"/],
    [{ trainer: 'gpu', budget: '$5' }, /--budget .*found "\$5"/],
    [{ trainer: 'gpu', budget: 'Infinity' }, /--budget/],
    [{ trainer: 'gpu', 'sweep-minutes': '1.5' }, /--sweep-minutes .*found "1.5"/],
    [{ trainer: 'gpu', 'sweep-minutes': '1441' }, /--sweep-minutes/],
    [{ trainer: 'gpu', 'keep-replaced-days': '0' }, /--keep-replaced-days .*found "0"/],
    [{ trainer: 'gpu', tags: 'aws:team=a' }, /--tags needs KEY=VALUE.*found "aws:team=a"/],
    [{ trainer: 'gpu', 'data-bucket': 's3://a' }, /--data-bucket .*found "s3:\/\/a"/],
    [{ trainer: 'gpu', 'kms-key': 'alias/a' }, /--kms-key needs a key's ARN; found "alias\/a"/],
    [{ trainer: 'gpu', subnets: 'subnet-0123abcd' }, /--subnets and --security-groups go together/],
    [{ trainer: 'gpu', subnets: 'vpc-1' }, /--subnets needs ids such as.*found "vpc-1"/],
    [{ trainer: 'gpu', 'data-account': '123456789012' }, /--data-account needs --data-bucket/],
    [{ trainer: 'gpu', 'data-account': 'me' }, /--data-account .*12 digits.*found "me"/],
    [{ trainer: 'gpu', qualifier: 'a-b' }, /--qualifier .*found "a-b"/],
    [{ trainer: 'gpu', concurrency: '0' }, /--concurrency .*1 to 10000; found "0"/],
    [{ trainer: 'gpu', 'alarm-email': 'team' }, /--alarm-email .*found "team"/],
  ])('refuses %j', (options, message) => {
    expect(() => settingsOf(options)).toThrow(UsageError);
    expect(() => settingsOf(options)).toThrow(message);
  });
});

test.each([
  [
    ['--context', '@aws-cdk/core:a=b=c', '-c', 'vpc-provider:x=1'],
    { '@aws-cdk/core:a': 'b=c', 'vpc-provider:x': '1' },
  ],
  [['@aws-cdk/core:a=', '--context=b:c=d'], { '@aws-cdk/core:a': '', 'b:c': 'd' }],
  [[], {}],
])('context of the CDK is passed on: %j', (args, context) => {
  expect(contextOf(args)).toEqual(context);
});

test.each(['trainer=gpu', 'gpu', '--role-arn', '@aws-cdk/core:a'])(
  'what is not context of the CDK is refused: %s',
  (argument) => {
    expect(() => contextOf([argument])).toThrow(`"${argument}" is not context of the CDK`);
  },
);

test('the stacks of a deployment with a name are listed with it', () => {
  const text = renderDeployment({ trainer: 'gpu', name: 'blue' }, 'eu-west-1');
  expect(text).toMatch(/^ {2}blue-Counterweight {9}buckets/m);
  expect(text).toMatch(/^ {2}blue-CounterweightTrainer {2}a network/m);
});

test('images of another region are refused, before anything is created', () => {
  const imageUri = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/counterweight:1.2.0';
  for (const image of [{ imageUri }, { trainerImageUri: imageUri }]) {
    const settings = { trainer: 'gpu', ...image };
    expect(() => refuseForeignImages(settings, 'eu-west-1')).not.toThrow();
    const refuse = () => refuseForeignImages(settings, 'us-east-1');
    expect(refuse).toThrow(`${imageUri} is in eu-west-1, and the deployment would be in us-east-1`);
  }
});

test('the days of replaced files are those of new buckets only', () => {
  const settings = { trainer: 'function', replacedDataDays: '30' };
  expect(() => refuseKeptDays(settings)).not.toThrow();
  expect(() => refuseKeptDays({ trainer: 'function', dataBucket: 'wine' })).not.toThrow();
  expect(() => refuseKeptDays({ ...settings, dataBucket: 'wine' })).toThrow(
    'the bucket wine exists already',
  );
});

test('the GPU stack is announced only where it is deployed', () => {
  expect(renderDeployment({ trainer: 'gpu' }, 'eu-west-1')).toContain('CounterweightTrainer');
  const without = renderDeployment({ trainer: 'function' }, 'eu-west-1');
  expect(without).toContain('To be deployed in eu-west-1');
  expect(without).not.toContain('CounterweightTrainer');
});

test.each([
  ['digits', /^digits$/],
  ['s3://bucket/digits/', /^digits$/],
  ['My Wine/', /^my-wine-[0-9a-f]{6}$/],
])('the dataset %j to serve has the name that its runs have', async (name, dataset) => {
  expect(await datasetOf(name)).toMatch(dataset);
});

test('a dataset to serve has a name', async () => {
  await expect(datasetOf('/')).rejects.toThrow(UsageError);
});

test('the URL is announced, with a signed request', () => {
  const settings = { trainer: 'function', serve: 'digits' };
  expect(renderDeployment(settings, 'eu-west-1')).toContain('the student of digits');
  expect(renderDeployment({ trainer: 'function' }, 'eu-west-1')).not.toContain('URL');
  const url = 'https://abc.lambda-url.eu-west-1.on.aws/';
  expect(renderEndpoint(url, 'eu-west-1')).toMatchInlineSnapshot(`
    "The student in use answers at https://abc.lambda-url.eu-west-1.on.aws/
    A signed request, which describes it:
      eval "$(aws configure export-credentials --format env)"
      curl --aws-sigv4 aws:amz:eu-west-1:lambda --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \\
        \${AWS_SESSION_TOKEN:+-Hx-amz-security-token:$AWS_SESSION_TOKEN} https://abc.lambda-url.eu-west-1.on.aws/"
  `);
});
