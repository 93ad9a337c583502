/**
 * Prices of AWS in us-east-1, in US dollars, without free tiers, discounts and taxes. Each figure
 * has one source. Other regions cost up to 50% more.
 */
export interface Price {
  readonly usd: number;
  /** Amount and thing that cost `usd`. */
  readonly per: string;
  readonly source: string;
  /** Day on which the figure was read on a page of AWS; undefined if it was not confirmed there. */
  readonly readOn?: string;
}

export const pricesAsOf = '2026-11-25';
const [first, second] = [{ readOn: pricesAsOf }, { readOn: '2026-11-29' }];

const lambda = { source: 'AWS Lambda pricing', ...first };
const steps = { source: 'AWS Step Functions pricing', ...second };
const s3 = { source: 'Amazon S3 pricing' };
const cloudWatch = 'Amazon CloudWatch pricing';
export const pricesRegion = 'us-east-1';

export const prices = {
  functionGbSecond: { usd: 1.66667e-5, per: 'GB-s of an x86 function', ...lambda },
  functionCall: { usd: 0.2e-6, per: 'call of a function', ...lambda },
  transition: { usd: 25e-6, per: 'transition of a Standard workflow, also for a retry', ...steps },
  expressStart: { usd: 1e-6, per: 'start of an Express workflow', ...steps, ...first },
  expressGbSecond: { usd: 1.667e-5, per: 'GB-s of an Express workflow', ...steps, ...first },
  s3Put: { usd: 5e-6, per: 'PUT or LIST', ...s3 },
  s3Get: { usd: 0.4e-6, per: 'GET or HEAD', ...s3 },
  s3GbMonth: { usd: 0.023, per: 'GB kept for a month, of any version', ...s3 },
  logGb: { usd: 0.5, per: 'GB of logs', source: cloudWatch, ...first },
  vendedLogGb: { usd: 0.5, per: 'GB of logs of executions and of the network', source: cloudWatch },
  trace: { usd: 5e-6, per: 'trace', source: 'AWS X-Ray pricing', ...second },
  metricMonth: { usd: 0.3, per: 'custom metric for a month', source: cloudWatch },
  alarmMonth: { usd: 0.1, per: 'alarm for a month', source: cloudWatch },
  dashboardMonth: { usd: 3, per: 'dashboard for a month', source: cloudWatch },
  imageGbMonth: { usd: 0.1, per: 'GB of images for a month', source: 'Amazon ECR pricing' },
  ipv4Hour: {
    usd: 0.005,
    per: 'hour of a public IPv4 address',
    source: 'AWS re:Post, charges for public IPv4 addresses',
    ...second,
  },
  diskGbMonth: { usd: 0.08, per: 'GB of gp3 disk for a month', source: 'Amazon EBS pricing' },
} satisfies Record<string, Price>;

const onDemand = 'EC2 On-Demand pricing';

/** Prices per hour of Linux, On-Demand. All instances have 4 vCPUs and one GPU. */
export const instanceHours: Readonly<Record<string, Price>> = {
  'g4dn.xlarge': { usd: 0.526, per: 'hour of g4dn.xlarge', source: onDemand, ...first },
  'g5.xlarge': { usd: 1.006, per: 'hour of g5.xlarge', source: onDemand, ...first },
  'g6.xlarge': { usd: 0.8048, per: 'hour of g6.xlarge', source: onDemand },
};

/**
 * Spot price, as a share of the On-Demand price. Assumed: it varies, and AWS publishes no fixed
 * one.
 */
export const spotShare = 0.5;
