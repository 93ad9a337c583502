import { z } from 'zod';
import type { FailureEvent } from '../run/events.ts';
import { parseCause } from '../run/failure-cause.ts';
import { keys } from '../run/keys.ts';
import { openStore } from '../store/open.ts';

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

/** Record failure: keeps what Catch caught. The newest failure replaces an older one. */
export async function recordFailure(event: FailureEvent): Promise<Failure> {
  const { stage, message, hint } = parseCause(event.error.Cause);
  const failure: Failure = {
    run: event.run,
    stage: stage ?? 'Workflow',
    error: event.error.Error,
    message,
    hint: hint ?? 'What was done is kept: start the run again, and it goes on from there.',
  };
  const store = await openStore(event.results);
  await store.write(keys.failure(event.run), Buffer.from(`${JSON.stringify(failure, null, 2)}\n`));
  return failure;
}
