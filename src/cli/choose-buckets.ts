/** Choice of the buckets of a deployment: new ones, or those that exist already. */
import type { KeptBuckets } from '../aws/buckets.ts';
import { UserError } from '../errors.ts';
import type { AccountCheck } from './check-account.ts';

/** Buckets that the user has named. */
interface NamedBuckets {
  readonly dataBucket?: string | undefined;
  readonly resultsBucket?: string | undefined;
  readonly dataAccount?: string | undefined;
}

/**
 * Finds the buckets that the deployment continues with, and checks them.
 *
 * @throws UserError if one of them does not work, or if the deployment uses another one.
 */
export async function chooseBuckets(named: NamedBuckets, region: string): Promise<AccountCheck> {
  const [{ keptBuckets }, { checkBuckets }] = await Promise.all([
    import('../aws/buckets.ts'),
    import('../aws/check-buckets.ts'),
  ]);
  const { settings, notes } = continueWith(named, await keptBuckets());
  const { dataBucket: data, resultsBucket: results } = settings;
  return {
    settings: { ...settings },
    notes: [...notes, ...(await checkBuckets({ data, results }, region))],
  };
}

/**
 * Combines the buckets that the user has named with those of the deployment or of the last one.
 *
 * @returns settings for existing buckets. An absent setting stands for a bucket of the stack.
 * @throws UserError if the deployment uses another bucket: runs in progress would lose their data.
 */
export function continueWith(
  named: NamedBuckets,
  { inUse, kept }: KeptBuckets,
): {
  readonly settings: { dataBucket?: string; resultsBucket?: string; dataAccount?: string };
  readonly notes: string[];
} {
  const choose = (option: string, name: string | undefined, which: 'data' | 'results') => {
    const used = inUse?.[which];
    if (name === undefined || name === used) return kept[which];
    if (used === undefined) return name;
    throw new UserError(
      `the deployment has its ${which} in ${used}, and ${option} is ${name}`,
      `Leave out ${option}, or make a deployment of its own for ${name}: counterweight deploy --name NAME ${option} ${name}`,
    );
  };
  const data = choose('--data-bucket', named.dataBucket, 'data');
  const results = choose('--results-bucket', named.resultsBucket, 'results');
  // It goes with the bucket: without it, the bus would refuse the bucket's events.
  const dataAccount = named.dataAccount ?? (data === kept.data ? kept.dataAccount : undefined);
  const found = [
    ...(data === undefined ? [] : [`data in s3://${data}`]),
    ...(results === undefined ? [] : [`results in s3://${results}`]),
  ];
  return {
    settings: {
      ...(data !== undefined && { dataBucket: data }),
      ...(results !== undefined && { resultsBucket: results }),
      ...(dataAccount !== undefined && { dataAccount }),
    },
    notes: found.length > 0 ? [`It uses existing buckets: ${found.join(', ')}.`] : [],
  };
}
