/**
 * Prices of AWS in us-east-1, in US dollars, without free tiers, discounts and taxes. Each figure
 * has one source. `recalled` marks figures that were not read again on `pricesAsOf`. Other regions
 * cost up to 50% more.
 */
export interface Price {
  readonly usd: number;
  /** Amount and thing that cost `usd`. */
  readonly per: string;
  readonly source: string;
  readonly recalled?: true;
}

const lambda = 'AWS Lambda pricing';
const steps = 'AWS Step Functions pricing';
const s3 = 'Amazon S3 pricing';

export const pricesAsOf = '2026-11-25';
export const pricesRegion = 'us-east-1';

export const prices = {
  functionGbSecond: { usd: 1.66667e-5, per: 'GB-s of an x86 function', source: lambda },
  functionCall: { usd: 0.2e-6, per: 'call of a function', source: lambda },
  transition: { usd: 25e-6, per: 'transition of a Standard workflow', source: steps },
  expressStart: { usd: 1e-6, per: 'start of an Express workflow', source: steps },
  expressGbSecond: { usd: 1.667e-5, per: 'GB-s of an Express workflow', source: steps },
  s3Put: { usd: 5e-6, per: 'PUT or LIST', source: s3, recalled: true },
  s3Get: { usd: 0.4e-6, per: 'GET or HEAD', source: s3, recalled: true },
  s3GbMonth: { usd: 0.023, per: 'GB kept for a month', source: s3, recalled: true },
  logGb: { usd: 0.5, per: 'GB of logs', source: 'Amazon CloudWatch pricing' },
  diskGbMonth: {
    usd: 0.08,
    per: 'GB of gp3 disk for a month',
    source: 'EBS pricing',
    recalled: true,
  },
} satisfies Record<string, Price>;

const onDemand = 'EC2 On-Demand pricing';

/** Prices per hour of Linux, On-Demand. All instances have 4 vCPUs and one GPU. */
export const instanceHours: Readonly<Record<string, Price>> = {
  'g4dn.xlarge': { usd: 0.526, per: 'hour of g4dn.xlarge', source: onDemand },
  'g5.xlarge': { usd: 1.006, per: 'hour of g5.xlarge', source: onDemand },
  'g6.xlarge': { usd: 0.8048, per: 'hour of g6.xlarge', source: onDemand, recalled: true },
};

/**
 * Spot price, as a share of the On-Demand price. Assumed: it varies, and AWS publishes no fixed
 * one.
 */
export const spotShare = 0.5;
