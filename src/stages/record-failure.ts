import { z } from 'zod';
import { openStore } from '../store/open.ts';
import type { FailureEvent } from './events.ts';
import { keys } from './keys.ts';

/** `runs/<run>/failure.json`: why the run failed last, for whoever looks. */
export const failureSchema = z.strictObject({
  run: z.string(),
  stage: z.string(),
  /** The error's name: `UserError` when the input or the config is wrong. */
  error: z.string(),
  message: z.string(),
  /** What to do. */
  hint: z.string(),
});
export type Failure = z.infer<typeof failureSchema>;

/** Lambda's Cause is JSON around the message; the embedded engine's is the message. */
const lambdaCause = z.object({ errorMessage: z.string() });

/** Record failure: keeps what Catch caught. The newest failure replaces an older one. */
export async function recordFailure(event: FailureEvent): Promise<Failure> {
  const text = messageOf(event.error.Cause);
  // `functions/entry.ts` put the stage in front, and the hint behind an empty line.
  const [, stage, message, hint] = /^([A-Z][\w ]*): ([\s\S]*?)(?:\n\n([\s\S]*))?$/.exec(text) ?? [
    text,
    'Workflow',
    text,
  ];
  const failure: Failure = {
    run: event.run,
    stage: stage!,
    error: event.error.Error,
    message: message!,
    hint: hint ?? 'Run the same command again: it goes on from where it failed.',
  };
  const store = await openStore(event.results);
  await store.write(keys.failure(event.run), Buffer.from(`${JSON.stringify(failure, null, 2)}\n`));
  return failure;
}

function messageOf(cause: unknown): string {
  const text = typeof cause === 'string' ? cause : JSON.stringify(cause ?? 'no cause was given');
  try {
    return lambdaCause.parse(JSON.parse(text)).errorMessage;
  } catch {
    return text;
  }
}
