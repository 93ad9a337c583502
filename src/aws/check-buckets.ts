/** Checks of existing buckets that a deployment is to use. */
import {
  GetBucketNotificationConfigurationCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  HeadBucketCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { UserError } from '../errors.ts';
import { openS3 } from '../store/s3.ts';
import { errorCode, statusOf } from '../store/s3-failures.ts';
import type { UsedBuckets } from './deployment.ts';

/**
 * Checks that existing buckets work as those that a deployment creates: they are in its region,
 * keep versions, and announce new data.
 *
 * @returns sentences about facts that could not be read, or that weaken the deployment.
 * @throws UserError that has the command for the fix.
 */
export async function checkBuckets(
  { data, results }: UsedBuckets,
  region: string,
): Promise<string[]> {
  const client = openS3();
  const notes: string[] = [];
  for (const bucket of [data, results].filter((name) => name !== undefined)) {
    await checkRegion(client, bucket, region);
    notes.push(...(await checkVersions(client, bucket)), ...(await checkPolicy(client, bucket)));
  }
  if (data !== undefined) notes.push(...(await checkEvents(client, data)));
  return notes;
}

async function checkRegion(client: S3Client, bucket: string, region: string): Promise<void> {
  const found = await client.send(new HeadBucketCommand({ Bucket: bucket })).then(
    ({ BucketRegion }) => BucketRegion ?? region,
    (error: unknown) => {
      if (statusOf(error) !== 404 && statusOf(error) !== 403) throw error;
      const reason = statusOf(error) === 404 ? 'does not exist' : 'may not be used';
      throw new UserError(
        `the bucket ${bucket} ${reason}`,
        'Correct its name, or leave it out: the deployment then creates one.',
      );
    },
  );
  if (found === region) return;
  throw new UserError(
    `the bucket ${bucket} is in ${found}, and the deployment would be in ${region}`,
    `Set AWS_REGION=${found}, or name a bucket of ${region}.`,
  );
}

async function checkVersions(client: S3Client, bucket: string): Promise<string[]> {
  const versioning = await unlessDenied(
    client.send(new GetBucketVersioningCommand({ Bucket: bucket })),
  );
  if (versioning === undefined) return [unread(bucket, 'keeps versions')];
  if (versioning.Status === 'Enabled') return [];
  throw new UserError(
    `the bucket ${bucket} does not keep versions, and a run pins the versions of its objects`,
    `Turn them on: aws s3api put-bucket-versioning --bucket ${bucket} --versioning-configuration Status=Enabled`,
  );
}

async function checkEvents(client: S3Client, bucket: string): Promise<string[]> {
  const events = await unlessDenied(
    client.send(new GetBucketNotificationConfigurationCommand({ Bucket: bucket })),
  );
  if (events === undefined) return [unread(bucket, 'sends its events to EventBridge')];
  if (events.EventBridgeConfiguration !== undefined) return [];
  throw new UserError(
    `the bucket ${bucket} does not send its events to EventBridge: no batch would start a run`,
    'Turn them on in the properties of the bucket: Amazon EventBridge, "Send notifications … for all events".',
  );
}

/** Warns if the bucket has no policy: ours refuse requests without TLS. */
async function checkPolicy(client: S3Client, bucket: string): Promise<string[]> {
  try {
    await client.send(new GetBucketPolicyCommand({ Bucket: bucket }));
    return [];
  } catch (error) {
    if (errorCode(error) !== 'NoSuchBucketPolicy') return [];
    return [`The bucket ${bucket} has no policy, and therefore accepts requests without TLS.`];
  }
}

function unread(bucket: string, fact: string): string {
  return `It could not be read whether the bucket ${bucket} ${fact}, as it must.`;
}

async function unlessDenied<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (statusOf(error) === 403) return undefined;
    throw error;
  }
}
