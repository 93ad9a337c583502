import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { sortFields } from '../digest.ts';
import { TransientError, UserError } from '../errors.ts';
import type { ObjectInfo, ObjectStore, ReadOptions } from './store.ts';

/** What every stage does with a store: whole objects, JSON, and pointers that move. */

/**
 * Writes an object whose key says what is in it. The first writer wins, and "already there" is
 * success: so a task may run twice, at once, or again after a kill.
 * @returns the object that is there now, this one or the first one
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

/** A whole object, or a range of it, in memory: for small ones. */
export async function readBytes(
  store: ObjectStore,
  key: string,
  options?: ReadOptions,
): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of await store.read(key, options)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** @throws UserError naming the key and the fields when the object does not fit the schema */
export async function readJson<T>(
  store: ObjectStore,
  key: string,
  schema: z.ZodType<T>,
  options?: ReadOptions,
): Promise<T> {
  const name = `${store.location}/${key}`;
  const text = new TextDecoder().decode(await readBytes(store, key, options));
  const parsed = schema.safeParse(parseJson(text, name));
  if (parsed.success) return parsed.data;
  throw new UserError(
    `${name} does not have the expected form:\n${z.prettifyError(parsed.error)}`,
    'Was it edited, or written by another version of counterweight?',
  );
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError(`${name} is not JSON: ${(error as SyntaxError).message}`);
  }
}

/** `writeOnce` of `toJson(value)`. */
export function writeJsonOnce(
  store: ObjectStore,
  key: string,
  value: unknown,
): Promise<ObjectInfo> {
  return writeOnce(store, key, toJson(value));
}

/**
 * JSON that is the same for the same value: sorted fields, two spaces, a newline at the end.
 * @throws TypeError for a number that JSON cannot hold, which JSON.stringify makes a null of
 */
export function toJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(sortFields(value), refuseNonFinite, 2)}\n`);
}

function refuseNonFinite(field: string, value: unknown): unknown {
  if (typeof value !== 'number' || Number.isFinite(value)) return value;
  throw new TypeError(`"${field}" is ${value}, which JSON cannot hold`);
}

/** How often a pointer is tried: each loss means that somebody else moved it. */
const maxSwaps = 20;

/**
 * Moves a pointer (a small JSON object that is replaced, such as LATEST or CURRENT): reads it, asks
 * for the next value, writes that only over the value read, and starts over when another was faster.
 *
 * @param decide The next value, given the present one (undefined: there is none); undefined leaves
 *   the pointer as it is. Called again after each loss.
 * @returns the value that the pointer had when this ended: the one written, or the present one
 * @throws TransientError after 20 losses
 */
export async function swapPointer<T>(
  store: ObjectStore,
  key: string,
  schema: z.ZodType<T>,
  decide: (present: T | undefined) => T | undefined | Promise<T | undefined>,
): Promise<T | undefined> {
  for (let attempt = 1; attempt <= maxSwaps; attempt++) {
    const info = await store.head(key);
    const present = info && (await readJson(store, key, schema));
    // What was read may be newer than `info`: then its ETag no longer matches and the write loses.
    const next = await decide(present);
    if (next === undefined) return present;
    const condition = info ? { ifMatch: info.etag } : { ifAbsent: true as const };
    if (await store.write(key, toJson(next), condition)) return next;
    await delay(Math.random() * 5 * attempt);
  }
  throw new TransientError(`${store.location}/${key} is being moved by too many at once`);
}
