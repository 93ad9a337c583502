import {
  AbortMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { InterruptedError, TransientError, UserError } from '../errors.ts';
import type { Progress } from '../run/context.ts';
import { openS3 } from '../store/s3.ts';
import { errorCode } from '../store/s3-failures.ts';

/** Maximum number of times that a bucket is emptied: access logs may arrive in the meantime. */
const maxRounds = 5;

export interface DeleteOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/**
 * Deletes a bucket with everything in it: all versions, delete markers and aborted uploads.
 * Succeeds if the bucket does not exist.
 * @throws UserError without permission to delete; InterruptedError after `signal`.
 */
export async function deleteBucket(bucket: string, options: DeleteOptions): Promise<void> {
  const client = openS3();
  for (let round = 1; ; round++) {
    try {
      await endUploads(client, bucket);
      await empty(client, bucket, options);
      await client.send(new DeleteBucketCommand({ Bucket: bucket }));
      return;
    } catch (error) {
      if (errorCode(error) === 'NoSuchBucket') return;
      if (options.signal.aborted) throw new InterruptedError('the deletion was stopped');
      if (errorCode(error) !== 'BucketNotEmpty') throw error;
      if (round === maxRounds) {
        throw new TransientError(`the bucket ${bucket} is still being written to`, {
          cause: error,
        });
      }
    }
  }
}

async function endUploads(client: S3Client, bucket: string): Promise<void> {
  for (;;) {
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
    if (Uploads.length === 0) return;
    for (const { Key, UploadId } of Uploads) {
      await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }));
    }
  }
}

/** Deletes the first page of the remaining versions until none is left. */
async function empty(client: S3Client, bucket: string, options: DeleteOptions): Promise<void> {
  let done = 0;
  for (;;) {
    options.signal.throwIfAborted();
    const page = await client.send(new ListObjectVersionsCommand({ Bucket: bucket }));
    const deleted = await deletePage(client, bucket, page);
    if (deleted === 0) return;
    done += deleted;
    options.onProgress?.({ stage: `Delete ${bucket}`, done, unit: 'versions' });
  }
}

/** Deletes the versions of one page. @returns the number of deleted versions. */
async function deletePage(
  client: S3Client,
  bucket: string,
  { Versions = [], DeleteMarkers = [] }: ListObjectVersionsOutput,
): Promise<number> {
  const objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }));
  if (objects.length === 0) return 0;
  const { Errors: errors = [] } = await client.send(
    new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: objects, Quiet: true } }),
  );
  // Versions that failed appear on the next page again, unless only they are left.
  if (errors.length === objects.length) {
    const { Key, Code, Message } = errors[0]!;
    throw new UserError(
      `S3 does not delete s3://${bucket}/${Key}: ${Code}: ${Message}`,
      `This needs s3:DeleteObject and s3:DeleteObjectVersion on the bucket "${bucket}".`,
    );
  }
  return objects.length - errors.length;
}
