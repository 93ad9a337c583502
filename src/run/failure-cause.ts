import { z } from 'zod';
import { tryParseJson } from '../json.ts';

/** Parts of an error's cause, as Step Functions passes it on. */
export interface FailureCause {
  /** Stage that failed; undefined if the platform ended the task. */
  readonly stage: string | undefined;
  readonly message: string;
  /** Advice for the user; undefined if the stage gave no hint. */
  readonly hint: string | undefined;
}

/** Cause by Lambda: JSON with the message. */
const lambdaCause = z.object({ errorMessage: z.string() });

/** Job of AWS Batch in a cause, with its attempts so far. */
const batchJob = z.object({ JobId: z.string(), Attempts: z.array(z.unknown()) });

/** Cause by AWS Batch: the description of the job. */
const batchCause = z
  .object({
    StatusReason: z.string(),
    Container: z.object({ ExitCode: z.number().optional(), Reason: z.string().optional() }),
  })
  .transform(({ StatusReason, Container: { ExitCode, Reason } }) =>
    [StatusReason, Reason, ExitCode !== undefined && `exit code ${ExitCode}`]
      .filter(Boolean)
      .join(', '),
  );

const noCause = { errorMessage: 'no cause was given' };

/** Parses the text that `src/stages/entry.ts` makes: "Stage: message", an empty line, the hint. */
export function parseCause(cause: unknown): FailureCause {
  const message = messageOf(typeof cause === 'string' ? cause : JSON.stringify(cause ?? noCause));
  // "RequestId: ... Error: ..." is Lambda's message for a function that was killed or timed out.
  const parts = /^(?!RequestId: )([A-Z][\w ]*): ([\s\S]*?)(?:\n\n([\s\S]*))?$/.exec(message);
  if (!parts) return { stage: undefined, message, hint: undefined };
  return { stage: parts[1], message: parts[2]!, hint: parts[3] };
}

/** Returns the message in a cause. The embedded engine's cause is the message itself. */
function messageOf(text: string): string {
  const json = tryParseJson(text);
  const found = lambdaCause.safeParse(json).data?.errorMessage ?? batchCause.safeParse(json).data;
  return found ?? text;
}

/**
 * Returns the id of the job and of its last attempt, if AWS Batch gave the cause.
 *
 * @example '8f1c0f6e-1111-4222-8333-444455556661.2'
 */
export function attemptOfCause(cause: unknown): string | undefined {
  const job = batchJob.safeParse(typeof cause === 'string' ? tryParseJson(cause) : cause).data;
  return job && attemptId(job.JobId, job.Attempts.length);
}

/** Identifies an attempt of a job: by the job's id, and the attempt's number from 1. */
export function attemptId(job: string, attempt: number | string): string {
  return `${job}.${attempt}`;
}
