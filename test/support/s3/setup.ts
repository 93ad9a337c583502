import type { TestProject } from 'vitest/node';
import { startS3Server } from './s3-server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The address of the S3 server; undefined if it cannot run on this machine. */
    s3Endpoint: string | undefined;
  }
}

/** Starts one S3 server for all test files of the project. */
export default async function setUp(project: TestProject): Promise<(() => Promise<void>) | void> {
  const server = await startS3Server();
  if (typeof server === 'string') {
    console.warn(`Skipped: the tests on S3 need Python 3.11 or newer with pip. ${server}`);
    project.provide('s3Endpoint', undefined);
    return;
  }
  project.provide('s3Endpoint', server.endpoint);
  return () => server.stop();
}
