import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { gpuAttempts, gpuTrainingSeconds } from '../../src/cost/functions.ts';
import { instanceHours } from '../../src/cost/prices.ts';
import { allPrebuilt, resource, synthesise } from './synthesise.ts';

const { core, trainer } = synthesise(allPrebuilt);
if (!trainer) throw new Error('trainer=gpu makes no second stack');

test('is a separate stack, and only if it is enabled', () => {
  expect(synthesise({ ...allPrebuilt, trainer: 'function' }).trainer).toBeUndefined();
  core.resourceCountIs('AWS::Batch::JobQueue', 0);
  core.hasOutput('Trainer', { Value: 'gpu' });
});

describe('the queue', () => {
  test('has the name that the workflow knows', () => {
    const { DefinitionSubstitutions } = resource(core, 'AWS::StepFunctions::StateMachine');
    const { TrainerQueue, TrainerJob } = DefinitionSubstitutions as Record<string, unknown>;
    expect(JSON.stringify(TrainerQueue)).toContain(':job-queue/counterweight-trainer');
    expect(JSON.stringify(TrainerJob)).toContain(':job-definition/counterweight-trainer');
    expect(resource(trainer, 'AWS::Batch::JobQueue').JobQueueName).toBe('counterweight-trainer');
    const job = resource(trainer, 'AWS::Batch::JobDefinition');
    expect(job.JobDefinitionName).toBe('counterweight-trainer');
  });

  test('takes Spot first, then On-Demand, and gives up after a while', () => {
    const environment = (name: string) => ({
      'Fn::GetAtt': [
        expect.stringMatching(new RegExp(`^Machines${name}`)),
        'ComputeEnvironmentArn',
      ],
    });
    expect(resource(trainer, 'AWS::Batch::JobQueue')).toMatchObject({
      ComputeEnvironmentOrder: [
        { Order: 1, ComputeEnvironment: environment('Spot') },
        { Order: 2, ComputeEnvironment: environment('OnDemand') },
      ],
      JobStateTimeLimitActions: [
        { Reason: 'CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY', MaxTimeSeconds: 14_400 },
        { Reason: 'MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE', MaxTimeSeconds: 600 },
        { Reason: 'MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT', MaxTimeSeconds: 600 },
      ],
    });
  });
});

describe.each([
  ['Spot', 'SPOT', 'SPOT_PRICE_CAPACITY_OPTIMIZED'],
  ['OnDemand', 'EC2', 'BEST_FIT_PROGRESSIVE'],
])('the machines: %s', (name, type, strategy) => {
  const { ComputeResources } = resource(
    trainer,
    'AWS::Batch::ComputeEnvironment',
    `Machines${name}`,
  );

  test('are none between jobs, of types that have a price, and enough for four students', () => {
    expect(ComputeResources).toMatchObject({
      Type: type,
      AllocationStrategy: strategy,
      MinvCpus: 0,
      MaxvCpus: 16,
      InstanceTypes: Object.keys(instanceHours),
      Ec2Configuration: [{ ImageType: 'ECS_AL2023_NVIDIA' }],
    });
  });

  test('are launched by the newest version of the template', () => {
    expect(ComputeResources).toMatchObject({
      LaunchTemplate: {
        LaunchTemplateId: { Ref: expect.any(String) },
        Version: { 'Fn::GetAtt': [expect.any(String), 'LatestVersionNumber'] },
      },
    });
  });
});

describe('with what the account and the region allow', () => {
  const zones = ['eu-west-1a', 'eu-west-1b', 'eu-west-1c'];
  const { trainer: limited } = synthesise({
    ...allPrebuilt,
    gpuInstances: 'g4dn.xlarge',
    gpuMarkets: 'on-demand',
    zones: zones.join(),
    gpuZones: 'eu-west-1a,eu-west-1c',
  });
  const subnets = Object.entries(limited!.findResources('AWS::EC2::Subnet'));

  test('each zone has a subnet, and its addresses stay if zones are added', () => {
    expect(subnets.map(([, { Properties }]) => Properties.AvailabilityZone)).toEqual(zones);
    const blocks = subnets.map(([, { Properties }]) => Properties.CidrBlock);
    expect(blocks).toEqual(['10.0.0.0/20', '10.0.16.0/20', '10.0.32.0/20']);
  });

  test('instances are of the types, in the zones and at the prices that work', () => {
    const { ComputeResources } = resource(limited!, 'AWS::Batch::ComputeEnvironment');
    expect(ComputeResources).toMatchObject({
      Type: 'EC2',
      InstanceTypes: ['g4dn.xlarge'],
      Subnets: [0, 2].map((index) => ({ Ref: subnets[index]![0] })),
    });
    expect(resource(limited!, 'AWS::Batch::JobQueue').ComputeEnvironmentOrder).toMatchObject([
      { Order: 1 },
    ]);
  });
});

test('its disk is encrypted, and metadata needs a token', () => {
  expect(resource(trainer, 'AWS::EC2::LaunchTemplate').LaunchTemplateData).toMatchObject({
    BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { Encrypted: true, VolumeSize: 100 } }],
    MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 2 },
  });
});

describe('a job', () => {
  const job = resource(trainer, 'AWS::Batch::JobDefinition');

  test('has a GPU, and what else one machine has', () => {
    expect(job).toMatchObject({
      ContainerProperties: {
        ResourceRequirements: expect.arrayContaining([
          { Type: 'GPU', Value: '1' },
          { Type: 'VCPU', Value: '4' },
          { Type: 'MEMORY', Value: '14336' },
        ]),
        LogConfiguration: { LogDriver: 'awslogs' },
        Environment: [{ Name: 'AWS_REGION', Value: { Ref: 'AWS::Region' } }],
      },
    });
  });

  test('resumes after a reclaim or an interruption, and fails at once otherwise', () => {
    expect(job.RetryStrategy).toEqual({
      Attempts: gpuAttempts,
      EvaluateOnExit: [
        { Action: 'RETRY', OnStatusReason: 'Host EC2*' },
        { Action: 'RETRY', OnExitCode: '75' },
        { Action: 'EXIT', OnExitCode: '*' },
        { Action: 'EXIT', OnReason: '*' },
      ],
    });
    // A job that its timeout ended is not retried: the workflow's own timeout has to end it.
    expect(job.Timeout).toEqual({ AttemptDurationSeconds: gpuTrainingSeconds });
    const program = new URL('../../functions/train-job.ts', import.meta.url);
    expect(readFileSync(program, 'utf8')).toContain('tryAgain: 75');
  });
});

describe('the network', () => {
  test('lets nothing in and HTTPS out', () => {
    const { SecurityGroupIngress, SecurityGroupEgress } = resource(
      trainer,
      'AWS::EC2::SecurityGroup',
    );
    expect(SecurityGroupIngress).toBeUndefined();
    expect(SecurityGroupEgress).toMatchObject([{ IpProtocol: 'tcp', FromPort: 443, ToPort: 443 }]);
    trainer.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
  });

  test('has a way of its own to S3, and nothing that costs between runs', () => {
    trainer.resourceCountIs('AWS::EC2::NatGateway', 0);
    trainer.resourceCountIs('AWS::EC2::EIP', 0);
    expect(resource(trainer, 'AWS::EC2::VPCEndpoint').VpcEndpointType).toBe('Gateway');
    trainer.resourceCountIs('AWS::EC2::Subnet', 2);
    trainer.resourceCountIs('AWS::EC2::FlowLog', 1);
  });
});
