import { Duration } from 'aws-cdk-lib';
import {
  AllocationStrategy,
  type CfnComputeEnvironment,
  EcsMachineImageType,
  ManagedEc2EcsComputeEnvironment,
} from 'aws-cdk-lib/aws-batch';
import {
  BlockDeviceVolume,
  EbsDeviceVolumeType,
  InstanceType,
  type IVpc,
  LaunchTemplate,
  LaunchTemplateHttpTokens,
  Peer,
  Port,
  SecurityGroup,
} from 'aws-cdk-lib/aws-ec2';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { studentConcurrency } from '../src/cost/functions.ts';
import { instanceHours } from '../src/cost/prices.ts';
import { assumed } from '../src/cost/rates.ts';
import type { Settings } from './settings.ts';

/** Resources of an instance for a job: of 16 GiB, the system and ECS's agent keep some. */
export const machine = { vcpus: 4, memoryGiB: 14, gpus: 1 };

export interface MachinesProps {
  readonly vpc: IVpc;
  /** Role of ECS's agent on the instances. */
  readonly role: IRole;
  /** Settings: what the region and the account allow. */
  readonly allowed: Pick<Settings, 'gpuInstances' | 'gpuMarkets' | 'gpuZones'>;
}

/** Instances with a GPU, at one or two prices. There are none if there is no job. */
export class Machines extends Construct {
  /** Environments in the order in which jobs use them. */
  readonly environments: readonly ManagedEc2EcsComputeEnvironment[];

  constructor(scope: Construct, id: string, { vpc, role, allowed }: MachinesProps) {
    super(scope, id);
    // With a price, so that a run can be billed.
    const { gpuInstances = Object.keys(instanceHours), gpuMarkets, gpuZones } = allowed;
    const launchTemplate = makeLaunchTemplate(this);
    const both = {
      vpc,
      securityGroups: [outOnly(this, vpc)],
      ...(gpuZones && { vpcSubnets: { availabilityZones: gpuZones } }),
      instanceTypes: gpuInstances.map((name) => new InstanceType(name)),
      useOptimalInstanceClasses: false,
      images: [{ imageType: EcsMachineImageType.ECS_AL2023_NVIDIA }],
      launchTemplate,
      instanceRole: role,
      minvCpus: 0,
      maxvCpus: studentConcurrency * machine.vcpus,
      // A new system or driver is for the next job; the current job ends on its machine.
      updateToLatestImageVersion: true,
      terminateOnUpdate: false,
      updateTimeout: Duration.hours(24),
    };
    const make = {
      spot: () =>
        new ManagedEc2EcsComputeEnvironment(this, 'Spot', {
          ...both,
          spot: true,
          allocationStrategy: AllocationStrategy.SPOT_PRICE_CAPACITY_OPTIMIZED,
        }),
      'on-demand': () =>
        new ManagedEc2EcsComputeEnvironment(this, 'OnDemand', {
          ...both,
          allocationStrategy: AllocationStrategy.BEST_FIT_PROGRESSIVE,
        }),
    };
    this.environments = Object.entries(make)
      .filter(([market]) => gpuMarkets?.includes(market) ?? true)
      .map(([, makeEnvironment]) => makeEnvironment());
    useNewest(launchTemplate, this.environments);
  }
}

function outOnly(scope: Construct, vpc: IVpc): SecurityGroup {
  const group = new SecurityGroup(scope, 'OutOnly', {
    vpc,
    description: 'GPU trainer: nothing in, HTTPS out',
    allowAllOutbound: false,
  });
  group.addEgressRule(Peer.anyIpv4(), Port.HTTPS, 'S3, ECR, ECS, CloudWatch');
  return group;
}

function makeLaunchTemplate(scope: Construct): LaunchTemplate {
  return new LaunchTemplate(scope, 'Template', {
    httpTokens: LaunchTemplateHttpTokens.REQUIRED,
    // The trainer requests the Spot notice from inside its container, one hop further away.
    httpPutResponseHopLimit: 2,
    blockDevices: [
      {
        deviceName: '/dev/xvda',
        // The system, and an image with TensorFlow and CUDA; data is streamed and never stored.
        volume: BlockDeviceVolume.ebs(assumed.gpuDiskGb, {
          encrypted: true,
          volumeType: EbsDeviceVolumeType.GP3,
          deleteOnTermination: true,
        }),
      },
    ],
  });
}

/**
 * Selects the newest version of the template. CDK sets no version, and AWS Batch would keep the
 * first.
 */
function useNewest(
  template: LaunchTemplate,
  environments: readonly ManagedEc2EcsComputeEnvironment[],
): void {
  for (const environment of environments) {
    // Typed as any construct; a compute environment's is always this one.
    const resource = environment.node.defaultChild as CfnComputeEnvironment;
    resource.addPropertyOverride(
      'ComputeResources.LaunchTemplate.Version',
      template.latestVersionNumber,
    );
  }
}
