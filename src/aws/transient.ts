import { TransientError } from '../errors.ts';
import { codeOf, statusOf, transientCodes } from '../store/s3-failures.ts';

/** Whether AWS, or the network, was only too busy: the same call may succeed in a moment. */
export function isTransient(error: unknown): boolean {
  const status = statusOf(error);
  return (
    error instanceof TransientError ||
    transientCodes.has(codeOf(error)) ||
    status === 429 ||
    status >= 500
  );
}
