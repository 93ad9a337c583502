/** Checks of the account before a deployment, so that nothing is created that cannot work. */
import {
  findGpuOffer,
  type GpuMarket,
  type GpuOffer,
  gpuMarkets,
  gpuQuota,
  gpuQuotaCodes,
} from '../aws/gpu-offer.ts';
import { shardConcurrency, shardsAtOnce, studentConcurrency } from '../cost/functions.ts';
import { instanceHours } from '../cost/prices.ts';
import { assumed } from '../cost/rates.ts';
import { UserError } from '../errors.ts';
import { recordOf } from '../table.ts';

/** Settings of the deployment that follow from the account, and sentences for the user. */
export interface AccountCheck {
  /** Settings of the CDK app: `infra/settings.ts`. */
  readonly settings: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
}

/** vCPUs per market; undefined if the quota could not be read. */
export type GpuQuotas = Readonly<Record<GpuMarket, number | undefined>>;

/**
 * Reads what the region offers of GPU instances and what the account may use.
 *
 * @throws UserError if no GPU job could ever start.
 */
export async function checkGpus(region: string): Promise<AccountCheck> {
  const [offer, ...quotas] = await Promise.all([
    findGpuOffer(Object.keys(instanceHours)),
    ...gpuMarkets.map(gpuQuota),
  ]);
  return chooseGpus(
    offer,
    recordOf(gpuMarkets, (market) => quotas[gpuMarkets.indexOf(market)]),
    region,
  );
}

/**
 * Chooses instance types, zones and markets. Leaves out a market without quota: whether AWS Batch
 * would use the next one is not documented.
 *
 * @throws UserError if there is no type or no market.
 */
export function chooseGpus(offer: GpuOffer, quotas: GpuQuotas, region: string): AccountCheck {
  const { types, zones, gpuZones } = offer;
  if (types.length === 0) {
    throw new UserError(
      `EC2 offers none of ${Object.keys(instanceHours).join(', ')} in ${region}`,
      'Set AWS_REGION to another region, or deploy without --trainer gpu: functions then train ' +
        'the students.',
    );
  }
  const isUsable = (market: GpuMarket) => (quotas[market] ?? assumed.gpuVcpus) >= assumed.gpuVcpus;
  const markets = gpuMarkets.filter(isUsable);
  if (markets.length === 0) throw noQuota(quotas, region);
  return {
    settings: {
      gpuInstances: types.join(),
      zones: zones.join(),
      gpuZones: gpuZones.join(),
      gpuMarkets: markets.join(),
    },
    notes: gpuMarkets.flatMap((market) => quotaNotes(market, quotas[market], region)),
  };
}

const marketTitles: Readonly<Record<GpuMarket, string>> = {
  spot: 'Spot',
  'on-demand': 'On-Demand',
};

function noQuota(quotas: GpuQuotas, region: string): UserError {
  const found = gpuMarkets.map((market) => `${quotas[market]} vCPUs for ${marketTitles[market]}`);
  return new UserError(
    `the account's quotas in ${region} allow no GPU instance: ${found.join(' and ')}. A student ` +
      `needs ${assumed.gpuVcpus}`,
    [
      `Request ${studentConcurrency * assumed.gpuVcpus} vCPUs, for ${studentConcurrency} students ` +
        'at once. When AWS has granted them, which may take days, deploy again:',
      ...gpuMarkets.map((market) => `  ${quotaLink('ec2', gpuQuotaCodes[market], region)}`),
      'Without --trainer gpu, functions train the students.',
    ].join('\n'),
  );
}

/** Describes a quota that could not be read, or that is below what all students need. */
function quotaNotes(market: GpuMarket, vcpus: number | undefined, region: string): string[] {
  const title = marketTitles[market];
  const link = quotaLink('ec2', gpuQuotaCodes[market], region);
  const wanted = studentConcurrency * assumed.gpuVcpus;
  const quota = `The ${title} quota of G instances`;
  if (vcpus === undefined) {
    return [`${quota} could not be read. Jobs need ${wanted} vCPUs: ${link}`];
  }
  if (vcpus >= wanted) return [];
  const students = Math.floor(vcpus / assumed.gpuVcpus);
  return students === 0
    ? [
        `${quota} is ${vcpus} vCPUs: jobs do not use ${title}. To change this, request ${wanted}, ` +
          `and deploy again: ${link}`,
      ]
    : [
        `${quota} is ${vcpus} vCPUs, enough for ${students} of ${studentConcurrency} students at ` +
          `once: ${link}`,
      ];
}

/**
 * Describes the account's limit of functions, if it slows down a run.
 *
 * @param allowed Functions that may run at once; undefined if the limit could not be read.
 */
export function functionNotes(allowed: number | undefined, region: string): string[] {
  if (allowed === undefined || shardsAtOnce(undefined, allowed) >= shardConcurrency) return [];
  return [
    `The account may run ${allowed} functions at once: a run processes ` +
      `${shardsAtOnce(undefined, allowed)} shards at a time instead of ${shardConcurrency}. To ` +
      `request more: ${quotaLink('lambda', 'L-B99A9384', region)}`,
  ];
}

function quotaLink(service: string, code: string, region: string): string {
  return `https://${region}.console.aws.amazon.com/servicequotas/home/services/${service}/quotas/${code}`;
}
