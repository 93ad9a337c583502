import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, inject, vi } from 'vitest';
import { type FaultyProxy, startFaultyProxy } from './faulty-proxy.ts';

export interface LocalS3 {
  /** Whether the S3 server cannot run on this machine; the set-up has reported why. */
  readonly missing: boolean;
  /** The address of the server itself. */
  readonly endpoint: string;
  /** The proxy that the clients of this process connect to. */
  readonly proxy: FaultyProxy;
  /** A client that bypasses the proxy. */
  readonly admin: S3Client;
  /** Makes a new bucket with versions. */
  makeBucket(): Promise<string>;
}

/** Leads the S3 clients of a test file through a proxy to the project's S3 server. */
export async function useLocalS3(): Promise<LocalS3> {
  const endpoint = inject('s3Endpoint') ?? '';
  const proxy = await startFaultyProxy(endpoint);
  vi.stubEnv('AWS_ENDPOINT_URL_S3', proxy.endpoint);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  vi.stubEnv('AWS_REGION', 'us-east-1');
  afterAll(() => {
    proxy.stop();
    vi.unstubAllEnvs();
  });
  const admin = new S3Client({ endpoint, forcePathStyle: true });
  return { missing: endpoint === '', endpoint, proxy, admin, makeBucket: () => makeBucket(admin) };
}

async function makeBucket(admin: S3Client): Promise<string> {
  const Bucket = `bucket-${randomUUID()}`;
  await admin.send(new CreateBucketCommand({ Bucket }));
  const VersioningConfiguration = { Status: 'Enabled' as const };
  await admin.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  return Bucket;
}
