import type { Progress } from '../run/context.ts';
import type { StageName } from '../stages/index.ts';

/** Message from the pool to a worker process. Everything is JSON, as for Lambda. */
export type ToWorker =
  | { readonly kind: 'task'; readonly task: StageName; readonly event: unknown }
  | { readonly kind: 'stop' };

/** Message from a worker process to the pool. */
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

/** Makes an error that the workflow's Retry and Catch match by its name. */
export function deserializeError({ name, message, stack }: SerializedError): Error {
  const error = new Error(message);
  error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}
