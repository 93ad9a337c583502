import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  HeadBucketCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, test } from 'vitest';
import { deleteBucket } from '../../src/aws/delete-bucket.ts';
import { InterruptedError, TransientError } from '../../src/errors.ts';
import { useLocalS3 } from '../support/s3/local-s3.ts';
import { s3PageKeys } from '../support/s3/s3-server.ts';

const { missing, proxy, admin, makeBucket } = await useLocalS3();
const signal = new AbortController().signal;

describe.skipIf(missing)('deleteBucket', () => {
  let bucket: string;
  beforeEach(async () => {
    bucket = await makeBucket();
    proxy.faults.length = 0;
    proxy.requests.length = 0;
  });

  async function put(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      await admin.send(new PutObjectCommand({ Bucket: bucket, Key: `a/${i}`, Body: `${i}` }));
    }
  }

  function exists(): Promise<boolean> {
    return admin.send(new HeadBucketCommand({ Bucket: bucket })).then(
      () => true,
      () => false,
    );
  }

  test('takes old versions, marks of deletion and unfinished uploads with it', async () => {
    await put(2 * s3PageKeys + 3);
    await put(3);
    await admin.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'a/1' }));
    await admin.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: 'large' }));
    const told: unknown[] = [];
    await deleteBucket(bucket, { signal, onProgress: (progress) => told.push(progress) });
    expect(await exists()).toBe(false);
    expect(told).toContainEqual({ stage: `Delete ${bucket}`, done: 27, unit: 'versions' });
  });

  test('a bucket that is gone is success', async () => {
    await deleteBucket(bucket, { signal });
    await deleteBucket(bucket, { signal });
    expect(await exists()).toBe(false);
  });

  test('empties it again when something came in meanwhile, and gives up at last', async () => {
    const notEmpty = { answer: 409, code: 'BucketNotEmpty' };
    // A round: uploads, versions, the bucket.
    proxy.faults.push('none', 'none', notEmpty);
    await deleteBucket(bucket, { signal });
    expect(await exists()).toBe(false);
    bucket = await makeBucket();
    proxy.faults.push(
      ...Array.from({ length: 5 }, () => ['none', 'none', notEmpty] as const).flat(),
    );
    await expect(deleteBucket(bucket, { signal })).rejects.toThrow(TransientError);
  });

  test('throttling ends nothing', async () => {
    await put(3);
    const slowDown = { answer: 503, code: 'SlowDown' };
    proxy.faults.push('none', 'none', slowDown, 'none', slowDown);
    await deleteBucket(bucket, { signal });
    expect(await exists()).toBe(false);
  });

  test('what S3 refuses is said', async () => {
    proxy.faults.push({ answer: 403, code: 'AccessDenied' });
    await expect(deleteBucket(bucket, { signal })).rejects.toThrow('AccessDenied');
    expect(await exists()).toBe(true);
  });

  test('stops when its signal is aborted', async () => {
    await put(1);
    const stopped = deleteBucket(bucket, { signal: AbortSignal.abort() });
    await expect(stopped).rejects.toThrow(InterruptedError);
    expect(await exists()).toBe(true);
  });
});
