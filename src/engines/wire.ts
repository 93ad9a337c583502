import type { Progress } from '../run/context.ts';
import type { StageName } from '../stages/index.ts';

/** What the pool sends to a worker process. Everything is JSON, as it would be for a Lambda. */
export type ToWorker =
  | { readonly kind: 'task'; readonly task: StageName; readonly event: unknown }
  | { readonly kind: 'stop' };

/** What a worker process sends back. */
export type FromWorker =
  | { readonly kind: 'result'; readonly result: unknown }
  | { readonly kind: 'error'; readonly error: SerializedError }
  | { readonly kind: 'progress'; readonly progress: Progress };

export interface SerializedError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
}

export function serializeError(error: unknown): SerializedError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), stack: undefined };
  return { name: error.name, message: error.message, stack: error.stack };
}

/** An error as the workflow's Retry and Catch see it: by its name. */
export function deserializeError({ name, message, stack }: SerializedError): Error {
  const error = new Error(message);
  error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}
