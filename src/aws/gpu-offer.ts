/** GPU instances that a region offers and that an account may use. */
import {
  DescribeAvailabilityZonesCommand,
  EC2Client,
  paginateDescribeInstanceTypeOfferings,
} from '@aws-sdk/client-ec2';
import {
  GetAWSDefaultServiceQuotaCommand,
  GetServiceQuotaCommand,
  NoSuchResourceException,
  ServiceQuotasClient,
} from '@aws-sdk/client-service-quotas';
import { patient } from '../store/patience.ts';

export interface GpuOffer {
  /** Instance types that EC2 offers in the region, in the order of the request. */
  readonly types: readonly string[];
  /** All zones in which the account can have subnets, sorted. */
  readonly zones: readonly string[];
  /** Zones that offer at least one of the types, sorted. */
  readonly gpuZones: readonly string[];
}

/** Reads which of `types` EC2 offers in the configured region, and in which zones. */
export async function findGpuOffer(types: readonly string[]): Promise<GpuOffer> {
  const client = new EC2Client(patient());
  // Without Local Zones, which have few types and are opted into one by one.
  const described = await client.send(
    new DescribeAvailabilityZonesCommand({
      Filters: [
        { Name: 'zone-type', Values: ['availability-zone'] },
        { Name: 'state', Values: ['available'] },
      ],
    }),
  );
  const zones = (described.AvailabilityZones ?? []).flatMap(({ ZoneName }) => ZoneName ?? []);
  const offered = new Map<string, Set<string>>();
  const request = {
    LocationType: 'availability-zone' as const,
    Filters: [{ Name: 'instance-type', Values: [...types] }],
  };
  for await (const page of paginateDescribeInstanceTypeOfferings({ client }, request)) {
    for (const { InstanceType: type, Location: zone } of page.InstanceTypeOfferings ?? []) {
      if (type === undefined || zone === undefined || !zones.includes(zone)) continue;
      offered.set(zone, (offered.get(zone) ?? new Set<string>()).add(type));
    }
  }
  return {
    types: types.filter((type) => [...offered.values()].some((found) => found.has(type))),
    zones: zones.sort(),
    gpuZones: [...offered.keys()].sort(),
  };
}

/** Markets of EC2 instances, in the order in which jobs use them. */
export const gpuMarkets = ['spot', 'on-demand'] as const;
export type GpuMarket = (typeof gpuMarkets)[number];

/**
 * Quotas of vCPUs for G and VT instances: "All G and VT Spot Instance Requests" and "Running
 * On-Demand G and VT instances".
 */
export const gpuQuotaCodes: Readonly<Record<GpuMarket, string>> = {
  spot: 'L-3819A6DF',
  'on-demand': 'L-DB2E81BA',
};

/**
 * Reads a vCPU quota of the configured account and region.
 *
 * @returns undefined if it cannot be read, for instance without the permission.
 */
export async function gpuQuota(market: GpuMarket): Promise<number | undefined> {
  const client = new ServiceQuotasClient(patient());
  const quota = { ServiceCode: 'ec2', QuotaCode: gpuQuotaCodes[market] };
  try {
    return (await client.send(new GetServiceQuotaCommand(quota))).Quota?.Value;
  } catch (error) {
    // Service Quotas has no value of the account: the default applies.
    if (!(error instanceof NoSuchResourceException)) return undefined;
  }
  const applied = client.send(new GetAWSDefaultServiceQuotaCommand(quota));
  return applied.then(({ Quota }) => Quota?.Value).catch(() => undefined);
}
