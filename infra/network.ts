import { RemovalPolicy } from 'aws-cdk-lib';
import {
  FlowLogDestination,
  GatewayVpcEndpointAwsService,
  type IVpc,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { flowLogGrants } from './permissions.ts';
import { makeRole } from './role.ts';

/**
 * Makes the trainer's network: a public subnet per zone, and S3 by a gateway endpoint. Instances
 * have addresses, for images and logs, but their security group lets nothing in. Private subnets
 * would need NAT gateways, which cost more in a month without runs than the GPU in most runs.
 *
 * @param zones Zones of the region. Default: two; without a region, CDK knows no more.
 */
export function makeNetwork(scope: Construct, zones: string[] | undefined): IVpc {
  const vpc = new Vpc(scope, 'Network', {
    ...(zones ? { availabilityZones: zones } : { maxAzs: 2 }),
    natGateways: 0,
    subnetConfiguration: [
      {
        name: 'Public',
        subnetType: SubnetType.PUBLIC,
        mapPublicIpOnLaunch: true,
        // 4,096 addresses. Room for 16 zones: a new one must not change the other subnets.
        cidrMask: 20,
      },
    ],
    gatewayEndpoints: { S3: { service: GatewayVpcEndpointAwsService.S3 } },
    // A custom resource would empty it; nothing uses it.
    restrictDefaultSecurityGroup: false,
  });
  const logs = new LogGroup(scope, 'FlowLogs', {
    retention: RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const role = makeRole(
    scope,
    'FlowLogsRole',
    new ServicePrincipal('vpc-flow-logs.amazonaws.com'),
    flowLogGrants(logs),
  );
  vpc.addFlowLog('Flows', { destination: FlowLogDestination.toCloudWatchLogs(logs, role) });
  return vpc as IVpc; // CDK's own types do not hold under exactOptionalPropertyTypes.
}
