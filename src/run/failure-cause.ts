import { z } from 'zod';

/** What an error's cause says, as Step Functions hands it on. */
export interface FailureCause {
  /** The stage that `src/stages/entry.ts` put in front; undefined when the platform ended the task. */
  readonly stage: string | undefined;
  readonly message: string;
  /** What to do; undefined when the stage did not say. */
  readonly hint: string | undefined;
}

/** Lambda's cause is JSON around the message. */
const lambdaCause = z.object({ errorMessage: z.string() });

/** AWS Batch's is the whole description of the job. */
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

/** Takes apart what `src/stages/entry.ts` put together: "Stage: message", an empty line, the hint. */
export function parseCause(cause: unknown): FailureCause {
  const message = messageOf(typeof cause === 'string' ? cause : JSON.stringify(cause ?? noCause));
  // "RequestId: ... Error: ..." is Lambda's own, of a function that was killed or ran out of time.
  const parts = /^(?!RequestId: )([A-Z][\w ]*): ([\s\S]*?)(?:\n\n([\s\S]*))?$/.exec(message);
  if (!parts) return { stage: undefined, message, hint: undefined };
  return { stage: parts[1], message: parts[2]!, hint: parts[3] };
}

/** The embedded engine's cause is the message itself. */
function messageOf(text: string): string {
  try {
    const json: unknown = JSON.parse(text);
    return lambdaCause.safeParse(json).data?.errorMessage ?? batchCause.parse(json);
  } catch {
    return text;
  }
}
