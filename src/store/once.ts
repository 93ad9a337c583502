/** Objects that are written once and read whole: bytes, and JSON with a checksum. */
import { z } from 'zod';
import { TransientError, UserError } from '../errors.ts';
import { bytesOf } from './bytes.ts';
import { openSealed, sealJson } from './seal.ts';
import type { ObjectInfo, ObjectStore, ReadOptions } from './store.ts';

/**
 * Writes an object whose key determines its content. The first writer wins, and "already there" is
 * success, so a task may run twice, concurrently, or again after a kill.
 * @returns the object that is there now, this one or the first one.
 */
export async function writeOnce(
  store: ObjectStore,
  key: string,
  body: Uint8Array,
): Promise<ObjectInfo> {
  const present = (await store.write(key, body, { ifAbsent: true })) ?? (await store.head(key));
  if (present === undefined) {
    throw new TransientError(`${store.location}/${key} was removed while it was being written`);
  }
  return present;
}

/** Writes `sealJson(value, key)` with `writeOnce`. */
export function writeJsonOnce(store: ObjectStore, key: string, value: object): Promise<ObjectInfo> {
  return writeOnce(store, key, sealJson(value, key));
}

/** Reads a whole object, or a range of it, into memory. */
export async function readBytes(
  store: ObjectStore,
  key: string,
  options?: ReadOptions,
): Promise<Uint8Array> {
  return bytesOf(await store.read(key, options));
}

/**
 * Reads a JSON object that `writeJsonOnce` or `swapPointer` wrote.
 * @throws UserError with the key and the fields if the object is damaged, has no checksum or that
 *   of another object, or does not fit the schema.
 */
export async function readJson<T>(
  store: ObjectStore,
  key: string,
  schema: z.ZodType<T>,
): Promise<T> {
  const name = `${store.location}/${key}`;
  return parseWith(schema, openSealed(await readBytes(store, key), name, key), name);
}

/**
 * Parses what was read from an object.
 *
 * @param name Name of the object in errors.
 * @throws UserError with the fields if it does not fit the schema.
 */
export function parseWith<T>(schema: z.ZodType<T>, value: unknown, name: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { length } = parsed.error.issues;
  // Unknown fields first: they are often misspelt ones that other problems miss.
  const isUnknown = ({ code }: z.core.$ZodIssue) => code === 'unrecognized_keys';
  const sorted = parsed.error.issues.toSorted(
    (a, b) => Number(isUnknown(b)) - Number(isUnknown(a)),
  );
  const some = new z.ZodError(sorted.slice(0, maxProblems));
  const more = length > maxProblems ? `\n… and ${length - maxProblems} more` : '';
  throw new UserError(
    `${name} does not have the expected form:\n${shortened(z.prettifyError(some))}${more}`,
    'Was it edited, or written by another version of counterweight?',
  );
}

/** Maximum number of problems in a message: a file may have a million. */
const maxProblems = 10;
/** Maximum number of characters that describe the problems. */
const maxMessageLength = 2_000;

function shortened(text: string): string {
  return text.length > maxMessageLength ? `${text.slice(0, maxMessageLength)}…` : text;
}
