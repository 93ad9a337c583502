import { S3Client } from '@aws-sdk/client-s3';
import { patient } from './client-options.ts';

/** For what `store/s3.ts` does not do: objects in parts, and the end of a bucket. */
export function openS3(): S3Client {
  const endpoint = process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL;
  return new S3Client({
    ...patient,
    // Other servers than AWS rarely have a host name for each bucket.
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    followRegionRedirects: true,
  });
}
