/** Failures that a platform reports in place of a stage: Lambda, Step Functions, AWS Batch. */

/**
 * Returns whether the name of an error is one of the platform. The embedded engine uses the same
 * names.
 *
 * @example isOfPlatform('Lambda.Unknown') // true
 */
export function isOfPlatform(error: string): boolean {
  return /^(?:Batch|Lambda|Runtime|Sandbox|States)\./.test(error);
}
