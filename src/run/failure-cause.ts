import { z } from 'zod';

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
  try {
    const json: unknown = JSON.parse(text);
    return lambdaCause.safeParse(json).data?.errorMessage ?? batchCause.parse(json);
  } catch {
    return text;
  }
}
