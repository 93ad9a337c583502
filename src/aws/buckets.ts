import { paginateListStackResources, paginateListStacks } from '@aws-sdk/client-cloudformation';
import { HeadBucketCommand } from '@aws-sdk/client-s3';
import { openS3 } from '../store/s3.ts';
import { statusOf } from '../store/s3-failures.ts';
import { bucketsInUse, describeStack, openCloudFormation, type UsedBuckets } from './deployment.ts';
import { currentName, resourceNames } from './deployment-name.ts';

/** Buckets of a deployment, which may or may not exist. */
export interface FoundBuckets {
  /** Buckets that its stacks have created and that exist. */
  readonly created: readonly string[];
  /** Buckets that it uses and that none of its stacks of the last 90 days has created. */
  readonly foreign: readonly string[];
}

/**
 * Lists the buckets of the deployment, and those that it has from earlier ones of the same name.
 * Without a deployment, lists the remaining buckets of stacks deleted in the last 90 days;
 * CloudFormation still knows those.
 */
export async function findBuckets(): Promise<FoundBuckets> {
  const { stack: stackName } = resourceNames(currentName());
  const live = await describeStack(stackName);
  const destroyed = await destroyedStacks(stackName);
  if (!live) return { created: await existing(destroyed.flatMap(createdBy)), foreign: [] };
  const own = await bucketsOf(live.StackId!);
  const inUse = bucketsInUse(live);
  const used = [inUse.data, inUse.results].filter((bucket) => bucket !== undefined);
  const adopted = destroyed.filter((stack) =>
    createdBy(stack).some((bucket) => used.includes(bucket.name)),
  );
  const created = await existing([own, ...adopted].flatMap(createdBy));
  return { created, foreign: used.filter((bucket) => !created.includes(bucket)) };
}

/** Buckets for the next `deploy`. */
export interface KeptBuckets {
  /** Buckets that the deployment uses now; undefined if there is no deployment. */
  readonly inUse: UsedBuckets | undefined;
  /** Buckets that it uses next without having created them; undefined for one of its own. */
  readonly kept: UsedBuckets;
}

/**
 * Finds the buckets that a deployment continues with: those that it uses without having created
 * them, or those that the newest destroyed deployment of the same name has left.
 */
export async function keptBuckets(): Promise<KeptBuckets> {
  const { stack: stackName } = resourceNames(currentName());
  const live = await describeStack(stackName);
  const inUse = live ? bucketsInUse(live) : undefined;
  if (live && inUse?.data !== undefined) {
    const { data, results } = await bucketsOf(live.StackId!);
    const kept = {
      data: inUse.data === data ? undefined : inUse.data,
      results: inUse.results === results ? undefined : inUse.results,
      ...(inUse.dataAccount !== undefined && { dataAccount: inUse.dataAccount }),
    };
    return { inUse, kept };
  }
  const destroyed = await destroyedStacks(stackName);
  const newest = async (name: 'data' | 'results') => {
    const candidates = destroyed.flatMap(({ account, used, [name]: own }) => {
      const bucket = own ?? used[name];
      return bucket === undefined ? [] : [{ name: bucket, account }];
    });
    return (await existing(candidates))[0];
  };
  const kept = { data: await newest('data'), results: await newest('results') };
  return { inUse: undefined, kept };
}

/** Bucket, with the account that it must belong to: others may have taken its name since. */
interface OwnedBucket {
  readonly name: string;
  readonly account: string | undefined;
}

interface StackBuckets extends UsedBuckets {
  readonly account: string | undefined;
  readonly accessLogs: string | undefined;
}

interface DestroyedStack extends StackBuckets {
  /** Buckets that the stack has used, as far as CloudFormation still describes it. */
  readonly used: UsedBuckets;
}

function createdBy({ account, accessLogs, data, results }: StackBuckets): OwnedBucket[] {
  return [accessLogs, data, results].flatMap((name) =>
    name === undefined ? [] : [{ name, account }],
  );
}

/** Lists the buckets of the destroyed stacks, the last destroyed first. */
async function destroyedStacks(stackName: string): Promise<DestroyedStack[]> {
  const stacks: { id: string; destroyedAt: number }[] = [];
  const pages = paginateListStacks(
    { client: openCloudFormation() },
    { StackStatusFilter: ['DELETE_COMPLETE'] },
  );
  for await (const { StackSummaries = [] } of pages) {
    for (const { StackName, StackId, DeletionTime } of StackSummaries) {
      if (StackName !== stackName) continue;
      stacks.push({ id: StackId!, destroyedAt: DeletionTime?.getTime() ?? 0 });
    }
  }
  stacks.sort((a, b) => b.destroyedAt - a.destroyedAt);
  const found: DestroyedStack[] = [];
  for (const { id } of stacks) {
    const used = bucketsInUse((await describeStack(id)) ?? {});
    found.push({ ...(await bucketsOf(id)), used });
  }
  return found;
}

/** Reads the buckets that a stack has created, by their ids in its template. */
async function bucketsOf(stack: string): Promise<StackBuckets> {
  const names = new Map<string, string>();
  const client = openCloudFormation();
  for await (const page of paginateListStackResources({ client }, { StackName: stack })) {
    for (const resource of page.StackResourceSummaries ?? []) {
      const { ResourceType, LogicalResourceId = '', PhysicalResourceId: name } = resource;
      const [, id] = /^Storage(\w+)[0-9A-F]{8}$/.exec(LogicalResourceId) ?? [];
      if (ResourceType === 'AWS::S3::Bucket' && id !== undefined && name) names.set(id, name);
    }
  }
  return {
    // arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/ID
    account: stack.split(':')[4],
    data: names.get('Data'),
    results: names.get('Results'),
    accessLogs: names.get('AccessLogs'),
  };
}

/** Lists the buckets that exist, in the same order and without repetitions. */
async function existing(buckets: readonly OwnedBucket[]): Promise<string[]> {
  const found = new Set<string>();
  for (const bucket of buckets) if (await isOurs(bucket)) found.add(bucket.name);
  return [...found];
}

/** Returns false for a deleted bucket, whose name another account may have taken since. */
async function isOurs({ name, account }: OwnedBucket): Promise<boolean> {
  try {
    await openS3().send(new HeadBucketCommand({ Bucket: name, ExpectedBucketOwner: account }));
    return true;
  } catch (error) {
    if (statusOf(error) === 404 || statusOf(error) === 403) return false;
    throw error;
  }
}
