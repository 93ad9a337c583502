import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, vi } from 'vitest';
import { type FaultyProxy, startFaultyProxy } from './faulty-proxy.ts';
import { startS3Server } from './s3-server.ts';

export interface LocalS3 {
  /** Whether there is no server; this was reported. */
  readonly missing: boolean;
  /** Environment of the clients in this process. */
  readonly proxy: FaultyProxy;
  /** Goes around the proxy. */
  readonly admin: S3Client;
  /** A bucket with versions, of its own for each call. */
  makeBucket(): Promise<string>;
}

/** Starts it for the tests of a file, where there is Python for it. */
export async function startLocalS3(): Promise<LocalS3> {
  const server = await startS3Server();
  const missing = typeof server === 'string';
  if (missing) console.warn(`S3 is not tested: Python 3.11 or newer with pip is needed. ${server}`);
  const endpoint = missing ? '' : server.endpoint;
  const proxy = await startFaultyProxy(endpoint);
  vi.stubEnv('AWS_ENDPOINT_URL_S3', proxy.endpoint);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  vi.stubEnv('AWS_REGION', 'us-east-1');
  afterAll(async () => {
    proxy.stop();
    vi.unstubAllEnvs();
    if (!missing) await server.stop();
  });
  const admin = new S3Client({ endpoint, forcePathStyle: true });
  return { missing, proxy, admin, makeBucket: () => makeBucket(admin) };
}

async function makeBucket(admin: S3Client): Promise<string> {
  const Bucket = `bucket-${randomUUID()}`;
  await admin.send(new CreateBucketCommand({ Bucket }));
  const VersioningConfiguration = { Status: 'Enabled' as const };
  await admin.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  return Bucket;
}
