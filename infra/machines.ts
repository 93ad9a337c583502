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

/** Instance types with a price, so that a run can be billed. */
const instanceTypes = Object.keys(instanceHours).map((name) => new InstanceType(name));

/** Resources of an instance for a job: of 16 GiB, the system and ECS's agent keep some. */
export const machine = { vcpus: 4, memoryGiB: 14, gpus: 1 };

export interface MachinesProps {
  readonly vpc: IVpc;
  /** Role of ECS's agent on the instances. */
  readonly role: IRole;
}

/** Instances with a GPU, at two prices. There are none if there is no job. */
export class Machines extends Construct {
  readonly spot: ManagedEc2EcsComputeEnvironment;
  readonly onDemand: ManagedEc2EcsComputeEnvironment;

  constructor(scope: Construct, id: string, { vpc, role }: MachinesProps) {
    super(scope, id);
    const launchTemplate = makeLaunchTemplate(this);
    const both = {
      vpc,
      securityGroups: [outOnly(this, vpc)],
      instanceTypes,
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
    this.spot = new ManagedEc2EcsComputeEnvironment(this, 'Spot', {
      ...both,
      spot: true,
      allocationStrategy: AllocationStrategy.SPOT_PRICE_CAPACITY_OPTIMIZED,
    });
    this.onDemand = new ManagedEc2EcsComputeEnvironment(this, 'OnDemand', {
      ...both,
      allocationStrategy: AllocationStrategy.BEST_FIT_PROGRESSIVE,
    });
    useNewest(launchTemplate, [this.spot, this.onDemand]);
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
  environments: ManagedEc2EcsComputeEnvironment[],
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
