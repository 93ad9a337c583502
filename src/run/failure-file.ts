import { z } from 'zod';
import { readJson } from '../store/once.ts';
import { sealJson } from '../store/seal.ts';
import type { ObjectStore } from '../store/store.ts';
import type { FailureCause } from './failure-cause.ts';
import { keys } from './keys.ts';
import { explainPlatform } from './platform-failure.ts';

/** `runs/<run>/failure.json`: why the run failed last. Empty if it has succeeded since. */
export const failureSchema = z.strictObject({
  run: z.string(),
  /** ARN of the execution that failed; in the embedded engine, the name of the run. */
  execution: z.string().optional(),
  stage: z.string(),
  /** Name of the error: `UserError` if the input or the config is wrong. */
  error: z.string(),
  message: z.string(),
  /** Advice for the user. */
  hint: z.string(),
});
export type Failure = z.infer<typeof failureSchema>;

const startAgain = 'Results so far are kept: start the run again, and it continues from them.';

/**
 * Describes the failure of an execution.
 *
 * @param error Name of the error that ended the workflow.
 */
export function describeFailure(
  { run, execution }: { readonly run: string; readonly execution: string },
  error: string,
  cause: FailureCause,
): Failure {
  const { stage = 'Workflow', message, hint } = explainPlatform(error, cause);
  // A failure of the platform may pass, so that its advice does not exclude another start.
  const advice = cause.hint ?? [hint, startAgain].filter(Boolean).join(' ');
  return { run, execution, stage, error, message, hint: advice };
}

/** Writes the failure of a run over an earlier one. */
export async function writeFailure(results: ObjectStore, failure: Failure): Promise<void> {
  const key = keys.failure(failure.run);
  await results.write(key, sealJson(failure, key));
}

/** Empties the failure of a run that has succeeded since. */
export async function clearFailure(results: ObjectStore, run: string): Promise<void> {
  const failure = await results.head(keys.failure(run));
  if (failure && failure.bytes > 0) await results.write(keys.failure(run), new Uint8Array());
}

/** Reads the failure of a run. @returns undefined if it has not failed, or has succeeded since. */
export async function readFailure(results: ObjectStore, run: string): Promise<Failure | undefined> {
  const failure = await results.head(keys.failure(run));
  return failure && failure.bytes > 0
    ? readJson(results, keys.failure(run), failureSchema)
    : undefined;
}
