import { z } from 'zod';
import type { FailureEvent } from '../run/events.ts';
import { parseCause } from '../run/failure-cause.ts';
import { keys } from '../run/keys.ts';
import { openStore } from '../store/open.ts';

/** `runs/<run>/failure.json`: why the run failed last. */
export const failureSchema = z.strictObject({
  run: z.string(),
  /** ARN of the execution that failed; elsewhere than on AWS, the run's name. */
  execution: z.string().optional(),
  stage: z.string(),
  /** Name of the error: `UserError` if the input or the config is wrong. */
  error: z.string(),
  message: z.string(),
  /** Advice for the user. */
  hint: z.string(),
});
export type Failure = z.infer<typeof failureSchema>;

/** Record failure: keeps the error that Catch caught. The newest failure replaces an older one. */
export async function recordFailure(event: FailureEvent): Promise<Failure & { execution: string }> {
  const { stage, message, hint } = parseCause(event.error.Cause);
  const failure = {
    run: event.run,
    execution: event.execution,
    stage: stage ?? 'Workflow',
    error: event.error.Error,
    message,
    hint: hint ?? 'Results so far are kept: start the run again, and it continues from them.',
  };
  const store = await openStore(event.results, 'time');
  await store.write(keys.failure(event.run), Buffer.from(`${JSON.stringify(failure, null, 2)}\n`));
  return failure;
}
