import { StoreError, TransientError } from '../errors.ts';
import { changedError, missingError } from './failures.ts';

/** The request to S3 that failed. */
export interface Request {
  readonly doing: 'read' | 'write' | 'list';
  readonly bucket: string;
  /** `s3://bucket/key`. */
  readonly name: string;
  readonly version?: string | undefined;
}

const permissions = {
  read: 's3:GetObject, s3:GetObjectVersion and s3:ListBucket',
  write: 's3:PutObject',
  list: 's3:ListBucketVersions',
};

/** Codes for wrong or missing credentials. S3 answers 400 or 403, or the SDK finds none. */
export const credentialCodes = new Set([
  'CredentialsProviderError',
  'TokenProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidAccessKeyId',
  'InvalidToken',
  'SignatureDoesNotMatch',
]);

/**
 * Codes of S3, the SDK and Node for transient errors. Every HTTP status from 500 on is transient,
 * too.
 */
export const transientCodes = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'RequestTimeout',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'TimeoutError',
  'TooManyRequestsException',
]);

/**
 * Converts an error of the SDK to one of `errors.ts`. Unknown errors are bugs and returned
 * unchanged.
 */
export function explainS3Error(error: unknown, request: Request): unknown {
  const { doing, bucket, name, version } = request;
  const code = errorCode(error);
  const status = statusOf(error);
  const message = error instanceof Error ? error.message : String(error);
  if (code === 'NoSuchBucket') {
    return new StoreError(`there is no bucket "${bucket}"`, 'Check its name: aws s3 ls');
  }
  if (code === 'InvalidObjectState') {
    return new StoreError(
      `${name} is archived and cannot be read`,
      'Restore it first (aws s3api restore-object), then run again.',
    );
  }
  if (credentialCodes.has(code)) {
    return new StoreError(
      `AWS does not accept the credentials for ${name}: ${message}`,
      'Log in (aws sso login, aws configure, or AWS_PROFILE) and check with: aws sts get-caller-identity',
    );
  }
  if (message.includes('Region is missing')) {
    return new StoreError('no AWS region is set', 'Set AWS_REGION to the region of the bucket.');
  }
  if (status === 403) {
    return new StoreError(
      `S3 does not allow to ${doing} ${name}`,
      `This needs ${permissions[doing]} on the bucket "${bucket}", and on its key if it is encrypted with KMS.`,
    );
  }
  if (doing === 'read' && status === 404) return missingError(withVersion(name, version));
  if (doing === 'read' && status === 412) return changedError(name);
  if (transientCodes.has(code) || status === 429 || (status >= 500 && status !== 501)) {
    return new TransientError(`S3 did not ${doing} ${name}: ${code}: ${message}`, { cause: error });
  }
  if (status >= 400) {
    return new StoreError(`S3 refuses to ${doing} ${name}: ${code}: ${message}`);
  }
  return error;
}

/** Returns the name that S3, the SDK or Node gives the error. */
export function errorCode(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return (error as NodeJS.ErrnoException).code ?? error.name;
}

/** Returns the HTTP status of S3's answer, or 0 without one. Answers to HEAD only have a status. */
export function statusOf(error: unknown): number {
  return metadataOf(error)?.httpStatusCode ?? 0;
}

/** Returns the number of times that the SDK sent the request. */
export function attemptsOf(error: unknown): number {
  return metadataOf(error)?.attempts ?? 1;
}

/** Returns whether the bytes received differ from those written: the SDK has no code for it. */
export function isDamage(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Checksum mismatch');
}

function metadataOf(error: unknown): { httpStatusCode?: number; attempts?: number } | undefined {
  // All errors that the SDK throws for an answer of S3 carry $metadata.
  return (error as { $metadata?: { httpStatusCode?: number; attempts?: number } }).$metadata;
}

function withVersion(name: string, version: string | undefined): string {
  return version === undefined ? name : `${name} (version ${version})`;
}
