/** Failures that a platform reports in place of a stage: Lambda, Step Functions, AWS Batch. */
import type { FailureCause } from './failure-cause.ts';

/** Explanation of a failure. */
interface Explanation {
  /** Pattern of "error: message". */
  readonly pattern: RegExp;
  readonly why: string;
  /** Advice for the user, as sentences. */
  readonly hint: string;
}

const lessMemory =
  'A smaller batchSize in distill.yaml needs less memory, and so does a smaller data.shardMiB in Encode, Label and Weigh.';

/** The first match explains the failure. */
const explanations: readonly Explanation[] = [
  {
    // The memory of a job is that of its machine.
    pattern: /OutOfMemoryError|exit code 137/,
    why: 'the job ran out of memory',
    hint: 'A smaller batchSize in distill.yaml needs less memory.',
  },
  {
    pattern: /^Runtime\.OutOfMemory|signal: killed|exit status 137/,
    why: 'the function ran out of memory',
    hint: lessMemory,
  },
  {
    pattern: /signal: aborted|exit status 134/,
    why: 'the function was aborted, usually because memory is short',
    hint: lessMemory,
  },
  {
    pattern: /^Sandbox\.Timedout|^States\.(?:Heartbeat)?Timeout|Task timed out after/,
    why: 'the task exceeded the time limit of a function',
    hint: 'If this happens again, reduce its work: data.shardMiB for Encode, Label and Weigh, the test set for Evaluate.',
  },
  {
    pattern: /^Lambda\.TooManyRequestsException/,
    why: 'the account ran too many functions at once, for hours',
    hint: 'Request a higher quota of concurrent executions of Lambda, or deploy with a lower --concurrency.',
  },
  {
    pattern: /^States\.ExceedToleratedFailureThreshold/,
    why: 'a shard failed',
    hint: 'Its own reason is shown by counterweight status, with the name of the run.',
  },
];

/**
 * Explains a failure that the platform reports. Returns that of a stage unchanged.
 *
 * @param error Name of the error.
 */
export function explainPlatform(error: string, cause: FailureCause): FailureCause {
  if (cause.stage !== undefined || !isOfPlatform(error)) return cause;
  const text = `${error}: ${cause.message}`;
  const found = explanations.find(({ pattern }) => pattern.test(text));
  if (!found) return cause;
  return { ...cause, message: `${found.why} (${cause.message})`, hint: found.hint };
}

/**
 * Returns whether the name of an error is one of the platform. The embedded engine uses the same
 * names.
 *
 * @example isOfPlatform('Lambda.Unknown') // true
 */
export function isOfPlatform(error: string): boolean {
  return /^(?:Batch|Lambda|Runtime|Sandbox|States)\./.test(error);
}
