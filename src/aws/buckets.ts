import { paginateListStackResources, paginateListStacks } from '@aws-sdk/client-cloudformation';
import { HeadBucketCommand } from '@aws-sdk/client-s3';
import { openS3 } from '../store/s3.ts';
import { statusOf } from '../store/s3-failures.ts';
import { describeStack, openCloudFormation } from './deployment.ts';
import { currentName, resourceNames } from './deployment-name.ts';

/**
 * Lists the buckets of the deployment. Without a deployment, lists the remaining buckets of stacks
 * deleted in the last 90 days; CloudFormation still knows those.
 */
export async function findBuckets(): Promise<string[]> {
  const { stack: stackName } = resourceNames(currentName());
  const live = await describeStack(stackName);
  const stacks = live ? [live.StackId!] : await destroyedStacks(stackName);
  const found: string[] = [];
  for (const stack of stacks) {
    for (const bucket of await bucketsOf(stack)) if (await isOurs(bucket)) found.push(bucket);
  }
  return found;
}

async function destroyedStacks(stackName: string): Promise<string[]> {
  const ids: string[] = [];
  const pages = paginateListStacks(
    { client: openCloudFormation() },
    { StackStatusFilter: ['DELETE_COMPLETE'] },
  );
  for await (const { StackSummaries = [] } of pages) {
    for (const { StackName, StackId } of StackSummaries) {
      if (StackName === stackName) ids.push(StackId!);
    }
  }
  return ids;
}

async function bucketsOf(stack: string): Promise<string[]> {
  const names: string[] = [];
  const client = openCloudFormation();
  for await (const page of paginateListStackResources({ client }, { StackName: stack })) {
    for (const { ResourceType, PhysicalResourceId } of page.StackResourceSummaries ?? []) {
      if (ResourceType === 'AWS::S3::Bucket' && PhysicalResourceId) names.push(PhysicalResourceId);
    }
  }
  return names;
}

/** Returns false for a deleted bucket, whose name another account may have taken since. */
async function isOurs(bucket: string): Promise<boolean> {
  try {
    await openS3().send(new HeadBucketCommand({ Bucket: bucket }));
    return true;
  } catch (error) {
    if (statusOf(error) === 404 || statusOf(error) === 403) return false;
    throw error;
  }
}
