/** Calls code of a library under a limit of time: a file of a stranger may make it endless. */
import { type Context, createContext, Script } from 'node:vm';

const script = new Script('action()');
let context: Context | undefined;

/**
 * Calls a synchronous function. It costs about 0.1 ms. Regular expressions end at the limit, too.
 * @throws Error if it has not returned in this time, and what the function throws.
 */
export function withinTime<Result>(limitMs: number, action: () => Result): Result {
  context ??= createContext();
  let result: { readonly value: Result } | undefined;
  context.action = () => {
    result = { value: action() };
  };
  try {
    script.runInContext(context, { timeout: limitMs });
  } catch (error) {
    if (isTimeout(error)) throw new Error(`it takes more than ${limitMs / 1000} s`);
    throw error;
  } finally {
    context.action = undefined;
  }
  return result!.value;
}

/** The error belongs to the context, so it is not an instance of this realm's Error. */
function isTimeout(error: unknown): boolean {
  const isObject = typeof error === 'object' && error !== null;
  return isObject && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
}
