/** Calls code of a library under a limit of time: a file of a stranger may make it endless. */
import { type Context, createContext, Script } from 'node:vm';

const script = new Script('action()');
let context: Context | undefined;

/** Minimum share of the time for which a process runs that is neither paused nor starved. */
const minShare = 0.5;

/** Maximum time of a script, in ms: Node.js counts in 32 bits. */
const maxScriptMs = 2 ** 31 - 1;

/**
 * Calls a synchronous function. It costs about 0.1 ms. Regular expressions end at the limit, too.
 * Time in which the process did not run does not count: after a pause, such as by Ctrl-Z, or on an
 * overloaded machine, the function is called again, with more time.
 *
 * @param action May be ended at any point and called again.
 * @throws Error if it has not returned in this time, and what the function throws.
 */
export function withinTime<Result>(limitMs: number, action: () => Result): Result {
  for (let timeout = limitMs; ; timeout *= 2) {
    const before = process.cpuUsage();
    const result = attempt(Math.min(timeout, maxScriptMs), action);
    if (result !== undefined) return result.value;
    const { user, system } = process.cpuUsage(before);
    const usedMs = (user + system) / 1000;
    if (usedMs >= minShare * limitMs) {
      throw new Error(`it takes more than ${limitMs / 1000} s`);
    }
  }
}

/** Calls a function; returns undefined if it has not returned in this time. */
function attempt<Result>(
  timeout: number,
  action: () => Result,
): { readonly value: Result } | undefined {
  context ??= createContext();
  let result: { readonly value: Result } | undefined;
  context.action = () => {
    result = { value: action() };
  };
  try {
    script.runInContext(context, { timeout });
  } catch (error) {
    if (!isTimeout(error)) throw error;
  } finally {
    context.action = undefined;
  }
  return result;
}

/** The error belongs to the context, so it is not an instance of this realm's Error. */
function isTimeout(error: unknown): boolean {
  const isObject = typeof error === 'object' && error !== null;
  return isObject && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
}
