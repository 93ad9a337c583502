/**
 * Keeps the messages of errors out of logs. A message may quote an example, an id, a label or a
 * key, and the runtime of Lambda logs every error that a function throws. The message is stored
 * with the run's results; the error that is thrown has the key.
 */
import { z } from 'zod';
import { digestJson } from '../digest.ts';
import { InterruptedError } from '../errors.ts';
import { readJson, writeJsonOnce } from '../store/once.ts';
import { openStore } from '../store/open.ts';
import type { ObjectStore } from '../store/store.ts';
import { attemptOfCause, type FailureCause, parseCause } from './failure-cause.ts';
import { keys } from './keys.ts';

/** `runs/<run>/errors/<id>.json`. */
const thrownSchema = z.strictObject({ message: z.string() });

/** Function or job that threw an error. */
export interface Thrower {
  /** Title of the stage, or name of the function. */
  readonly stage: string;
  /** Run and location of the results; undefined for a function without a run. */
  readonly run?: string | undefined;
  readonly results?: string | undefined;
  /** Id of the stored message. Default: its digest. */
  readonly id?: string | undefined;
}

/**
 * Stores the message of an error, and returns the error to throw or to log in its place. It has the
 * same name and the same calls. An interruption keeps its message, which contains no data.
 */
export async function hideMessage(thrown: unknown, thrower: Thrower): Promise<Error> {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  if (error.name === InterruptedError.name) return withMessage(error, error.message);
  return withMessage(error, `${thrower.stage}: ${await storeMessage(error.message, thrower)}`);
}

/** Stores a message, and describes its location. */
async function storeMessage(text: string, { run, results, id, stage }: Thrower): Promise<string> {
  if (run === undefined || results === undefined) return 'the message is hidden: it may quote data';
  const message = parseCause(text).stage === undefined ? `${stage}: ${text}` : text;
  const key = keys.thrown(run, id ?? digestJson(message, 16));
  try {
    await writeJsonOnce(await openStore(results, 'time'), key, { message });
    return `the message is in ${key}`;
  } catch (error) {
    const why = error instanceof Error ? error.name : 'Error';
    return `the message is hidden, and could not be stored (${why})`;
  }
}

/** Makes an error with the name and the calls of another one, and nothing else of it. */
export function withMessage(error: Error, message: string): Error {
  const { name } = error;
  const safe = new Error(message);
  safe.name = name;
  safe.stack = [`${name}: ${message}`, ...callsOf(error)].join('\n');
  return safe;
}

/** Lists the calls of an error's stack. Lines that the message has as well may be data. */
function callsOf({ stack = '', message }: Error): string[] {
  const call = /^ {4}at .*:\d+:\d+\)?$/;
  return stack.split('\n').filter((line) => call.test(line) && !message.includes(line.trim()));
}

/** Stored message, by the text that replaces it. */
const replaced = /the message is in runs\/[^/]+\/errors\/([\w.-]+)\.json$/;

/** Returns whether a line of a log ends with the key of a message. */
export function hasStoredMessage(line: string): boolean {
  return replaced.test(line);
}

/**
 * Parses the cause of a failure, as Step Functions passes it on. Reads the message if the cause has
 * only its key, or if a job of AWS Batch has stored one.
 */
export async function readCause(
  results: ObjectStore,
  run: string,
  cause: unknown,
): Promise<FailureCause> {
  const found = parseCause(cause);
  const [, named] = replaced.exec(found.message) ?? [];
  const id = named ?? attemptOfCause(cause);
  if (id === undefined) return found;
  const key = keys.thrown(run, id);
  if (!(await results.head(key))) return found;
  return parseCause((await readJson(results, key, thrownSchema)).message);
}
