import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, vi } from 'vitest';
import { openStore } from '../../src/store/open.ts';
import type { ObjectInfo } from '../../src/store/store.ts';
import { startS3Server } from '../store/s3-server.ts';

export interface LocalS3 {
  readonly endpoint: string;
  /** Why there is none; then the tests that need it are skipped. */
  readonly missing: string | undefined;
}

/**
 * Starts a local S3 server for the tests of a file, with the buckets named: versioned, as those
 * that are deployed. Stores and clients of this process find it.
 */
export async function startLocalS3(...buckets: string[]): Promise<LocalS3> {
  const server = await startS3Server();
  if (typeof server === 'string') {
    console.warn(`Not tested: Python 3.11 or newer with pip is needed. ${server}`);
    return { endpoint: '', missing: server };
  }
  vi.stubEnv('AWS_ENDPOINT_URL_S3', server.endpoint);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  vi.stubEnv('AWS_REGION', 'us-east-1');
  afterAll(async () => {
    vi.unstubAllEnvs();
    await server.stop();
  });
  const client = new S3Client({ forcePathStyle: true });
  for (const Bucket of buckets) {
    await client.send(new CreateBucketCommand({ Bucket }));
    const VersioningConfiguration = { Status: 'Enabled' as const };
    await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  }
  return { endpoint: server.endpoint, missing: undefined };
}

/** Puts an object into a location, without a condition. */
export async function put(
  location: string,
  key: string,
  body: string | Uint8Array = '',
): Promise<ObjectInfo> {
  const store = await openStore(location);
  return (await store.write(key, Buffer.from(body)))!; // Only a condition can fail.
}
