import { RootConstruct } from 'constructs';
import { expect, test } from 'vitest';
import { readSettings, type Settings } from '../../infra/settings.ts';
import { UserError } from '../../src/errors.ts';

function read(context: Record<string, unknown>): Settings {
  const { node } = new RootConstruct();
  for (const [name, value] of Object.entries(context)) node.setContext(name, value);
  return readSettings(node);
}

test('needs no settings', () => {
  expect(read({})).toEqual({ trainer: 'function', local: false, replacedDataDays: 90 });
});

test('takes text, as the command line gives it', () => {
  const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
  const ecr = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
  expect(
    read({
      trainer: 'gpu',
      budget: '12.5',
      concurrency: '9',
      sweepMinutes: '60',
      replacedDataDays: '365',
      serve: 'digits-2',
      alarmEmail: 'team@example.com',
      gpuInstances: 'g4dn.xlarge,g6.xlarge',
      gpuMarkets: 'spot',
      zones: 'eu-west-1a,eu-west-1b',
      gpuZones: 'eu-west-1b',
      imageUri: `${ecr}/tools/counterweight:1.2.0`,
      trainerImageUri: `${ecr}/counterweight@${digest}`,
      dataBucket: 'my-data',
      resultsBucket: 'my-results',
      name: 'blue',
      tags: 'team=vision,cost center=7=a',
      permissionsBoundary: 'arn:aws:iam::123456789012:policy/org/limits',
    }),
  ).toEqual({
    trainer: 'gpu',
    local: false,
    budget: 12.5,
    concurrency: 9,
    sweepMinutes: 60,
    replacedDataDays: 365,
    serve: 'digits-2',
    alarmEmail: 'team@example.com',
    gpuInstances: ['g4dn.xlarge', 'g6.xlarge'],
    gpuMarkets: ['spot'],
    zones: ['eu-west-1a', 'eu-west-1b'],
    gpuZones: ['eu-west-1b'],
    imageUri: {
      account: '123456789012',
      region: 'eu-west-1',
      repository: 'tools/counterweight',
      tagOrDigest: '1.2.0',
    },
    trainerImageUri: {
      account: '123456789012',
      region: 'eu-west-1',
      repository: 'counterweight',
      tagOrDigest: digest,
    },
    dataBucket: 'my-data',
    resultsBucket: 'my-results',
    name: 'blue',
    tags: { team: 'vision', 'cost center': '7=a' },
    permissionsBoundary: 'arn:aws:iam::123456789012:policy/org/limits',
  });
  expect(read({ local: 'true' }).local).toBe(true);
  expect(read({ local: 'false' }).local).toBe(false);
});

test.each([
  [{ trainer: 'tpu' }, 'context trainer=tpu is not gpu or function'],
  [{ budget: '20 USD' }, 'context budget=20 USD is not US dollars, a number above 0'],
  [{ budget: '0' }, 'context budget=0 is not US dollars'],
  [{ budget: '' }, 'context budget= is not US dollars'],
  [{ local: 'yes' }, 'context local=yes is not true or false'],
  [{ replacedDataDays: '0' }, 'context replacedDataDays=0 is not a whole number of days from 1'],
  [{ sweepMinutes: '0.5' }, 'context sweepMinutes=0.5 is not a whole number of minutes'],
  [{ sweepMinutes: '1441' }, 'context sweepMinutes=1441 is not a whole number of minutes from 1'],
  [{ imageUri: 'counterweight:1.2.0' }, 'context imageUri=counterweight:1.2.0 is not an image in'],
  [
    { trainerImageUri: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/counterweight' },
    'is not an image in ECR with its tag or digest',
  ],
  [{ gpuInstances: 'p3.2xlarge' }, 'is not one or more of g4dn.xlarge,g5.xlarge,g6.xlarge'],
  [{ gpuMarkets: 'cheap' }, 'context gpuMarkets=cheap is not spot, on-demand or'],
  [{ zones: 'eu-west-1' }, 'context zones=eu-west-1 is not Availability Zones'],
  [{ serve: 'My digits' }, 'context serve=My digits is not the name of a dataset: lower-case'],
  [{ serve: '' }, 'context serve= is not the name of a dataset'],
  [{ name: 'Blue' }, 'context name=Blue is not a name for a deployment: at most 24 lower-case'],
  [{ dataBucket: 'a.b' }, 'context dataBucket=a.b is not the name of a bucket'],
  [{ kmsKey: 'alias/data' }, 'context kmsKey=alias/data is not the ARN of a KMS key'],
  [{ subnets: 'a' }, 'context subnets=a is not subnets, such as'],
  [{ subnets: 'subnet-0123abcd' }, 'context subnets=subnet-0123abcd needs securityGroups'],
  [{ securityGroups: 'sg-0123abcd' }, 'context securityGroups=sg-0123abcd needs subnets'],
  [{ dataAccount: '123456789012' }, 'context dataAccount=123456789012 needs dataBucket'],
  [{ dataBucket: 'a-b', dataAccount: '1' }, 'context dataAccount=1 is not an AWS account'],
  [{ tags: 'team' }, 'context tags=team is not KEY=VALUE,KEY=VALUE: at most 40'],
  [{ permissionsBoundary: 'a b' }, 'context permissionsBoundary=a b is not the name or the ARN'],
  [{ trainer: 'gpu', local: 'true' }, 'LocalStack has no AWS Batch'],
])('refuses %j, and names the right values', (context, message) => {
  expect(() => read(context)).toThrow(message);
  expect(() => read(context)).toThrow(UserError);
});
