import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { sha256, sortFields } from '../digest.ts';
import { isAboutContent, TransientError, UserError } from '../errors.ts';
import { hasFields } from '../json.ts';
import { isTooDeep, maxJsonLevels } from '../json-depth.ts';
import { bytesOf } from './bytes.ts';
import { removalOf } from './removal.ts';
import type { ObjectInfo, ObjectStore, ReadOptions } from './store.ts';

/** Operations on a store that every stage uses: whole objects, JSON, and pointers. */

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

/** Damage of an object that does not exist, after its name. */
export const missing = 'is missing';

/** Damage that a checksum shows, after the object's name. */
export const changed = 'was changed after it was written: its checksum differs';

/** Damage of an object without its checksum, after its name. */
const unsealed = 'has no checksum: it was edited, or version 0.1.0 of counterweight wrote it';

/** Field of a JSON object that holds the SHA-256 of the others. */
const checksumField = 'checksum';
/** The other field, if a list was sealed. */
const listField = 'list';

/**
 * Encodes an object or a list as JSON with a checksum, so that a change of any character is
 * noticed. A list becomes a field of an object, since it cannot hold one.
 *
 * @param key Key of the object. The checksum covers it, so that a file of another run in its place
 *   is noticed. Default: none, for a file that is used in other folders, too.
 */
export function sealJson(value: object, key?: string): Uint8Array {
  const fields = Array.isArray(value) ? { [listField]: value } : value;
  return toJson({ ...fields, [checksumField]: checksumOf(toJson(fields), key) });
}

/**
 * Parses what `sealJson` wrote, without the checksum.
 *
 * @param name Name of the object in errors.
 * @param key The key that `sealJson` was given.
 * @throws UserError if it is not JSON, was changed, has no checksum, or is another object.
 */
export function openSealed(bytes: Uint8Array, name: string, key?: string): unknown {
  const { checksum, fields } = splitSealed(bytes, name);
  if (checksum === undefined) throw damaged(name, unsealed);
  if (checksum !== checksumIfAny(fields, key)) throw damaged(name, changed);
  return isSealedList(fields) ? fields[listField] : fields;
}

/** Returns whether JSON has a checksum. @throws UserError if it is not JSON. */
export function isSealed(bytes: Uint8Array, name: string): boolean {
  return splitSealed(bytes, name).checksum !== undefined;
}

function splitSealed(bytes: Uint8Array, name: string): { checksum?: unknown; fields: object } {
  const value = parseUnsealed(bytes, name);
  if (!hasFields(value)) return { fields: {} };
  const { [checksumField]: checksum, ...fields } = value;
  return { checksum, fields };
}

function checksumOf(json: Uint8Array, key?: string): string {
  return `sha256-${sha256(key === undefined ? json : withKey(key, json))}`;
}

/** Returns what the digest of an object with a key covers. */
function withKey(key: string, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`${key}\n`), bytes]);
}

/** Returns the checksum of what was read; none for 1e999, which no object of ours has. */
function checksumIfAny(fields: object, key?: string): string | undefined {
  try {
    return checksumOf(toJson(fields), key);
  } catch {
    return undefined;
  }
}

function isSealedList(fields: object): fields is Record<typeof listField, unknown> {
  return Object.keys(fields).length === 1 && listField in fields;
}

/** Parses an object without a checksum. @throws UserError if it is not JSON, or too deep. */
export function parseUnsealed(bytes: Uint8Array, name: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw damaged(name, `is not JSON: ${(error as SyntaxError).message}`);
  }
  if (!isTooDeep(value)) return value;
  throw damaged(name, `has more than ${maxJsonLevels} levels of lists and objects`);
}

/**
 * Returns the error about a damaged object of the results.
 *
 * @param how The damage, after the object's name.
 * @param others Objects to delete as well, so that the workflow writes this one again.
 */
export function damaged(name: string, how: string, others: readonly string[] = []): UserError {
  const commands = [name, ...others].map(removalOf).join(' && ');
  return new UserError(
    `${name} ${how}`,
    `Copy it again; or delete it and run the workflow again, which writes it again: ${commands}`,
  );
}

/** Bytes of the SHA-256 at the end of binary files. */
const digestBytes = 32;

/** Appends the SHA-256 of the key and the bytes, so that a change of any bit is noticed. */
export function sealBytes(bytes: Uint8Array, key: string): Uint8Array {
  return Buffer.concat([bytes, digestOf(bytes, key)]);
}

/**
 * Returns the bytes that `sealBytes` was given.
 *
 * @param name Name of the object in errors.
 * @param key The key that `sealBytes` was given.
 * @param others Objects to delete as well if these are damaged; see `damaged`.
 * @throws UserError if they were changed.
 */
export function openSealedBytes(
  sealed: Uint8Array,
  name: string,
  key: string,
  others?: readonly string[],
): Uint8Array {
  const bytes = sealed.subarray(0, Math.max(0, sealed.length - digestBytes));
  if (Buffer.compare(digestOf(bytes, key), sealed.subarray(bytes.length)) === 0) return bytes;
  throw damaged(name, changed, others);
}

function digestOf(bytes: Uint8Array, key: string): Buffer {
  return Buffer.from(sha256(withKey(key, bytes)), 'hex');
}

/** Writes `sealJson(value, key)` with `writeOnce`. */
export function writeJsonOnce(store: ObjectStore, key: string, value: object): Promise<ObjectInfo> {
  return writeOnce(store, key, sealJson(value, key));
}

/**
 * Encodes a value as JSON, always the same: sorted fields, two spaces, a newline at the end.
 * @throws TypeError for a number that JSON cannot hold; JSON.stringify would write null.
 */
export function toJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(sortFields(value), refuseNonFinite, 2)}\n`);
}

function refuseNonFinite(field: string, value: unknown): unknown {
  if (typeof value !== 'number' || Number.isFinite(value)) return value;
  throw new TypeError(`"${field}" is ${value}, which JSON cannot hold`);
}

/** Attempts to move a pointer; each failure means that another process moved it. */
const maxSwaps = 20;

/**
 * Moves a pointer: a small JSON object that is replaced, such as LATEST or CURRENT. Reads it,
 * computes the next value, and writes that only over the value read. Starts over if another process
 * was faster.
 *
 * @param decide Returns the next value for the present one (undefined: there is none), or undefined
 *   to leave the pointer as it is. Called again after each failure.
 * @param ifDamaged Stands for a pointer that does not have the expected form. Default: throws.
 * @returns the final value of the pointer: the one written, or the present one.
 * @throws TransientError after 20 failures.
 */
export async function swapPointer<T extends object>(
  store: ObjectStore,
  key: string,
  schema: z.ZodType<T>,
  decide: (present: T | undefined) => T | undefined | Promise<T | undefined>,
  ifDamaged?: T,
): Promise<T | undefined> {
  for (let attempt = 1; attempt <= maxSwaps; attempt++) {
    const info = await store.head(key);
    const present = info && (await readPointer(store, key, schema, ifDamaged));
    // `present` may be newer than `info`; then its ETag no longer matches and the write fails.
    const next = await decide(present);
    if (next === undefined) return present;
    const condition = info ? { ifMatch: info.etag } : { ifAbsent: true as const };
    if (await store.write(key, sealJson(next, key), condition)) return next;
    await delay(Math.random() * 5 * attempt);
  }
  throw new TransientError(`${store.location}/${key} is being moved by too many processes at once`);
}

/** Reads a pointer. @param ifDamaged Stands for a damaged pointer. Default: throws. */
export async function readPointer<T>(
  store: ObjectStore,
  key: string,
  schema: z.ZodType<T>,
  ifDamaged?: T,
): Promise<T> {
  try {
    return await readJson(store, key, schema);
  } catch (error) {
    // A pointer that cannot be read is not damaged: another run may have the turn that it names.
    if (ifDamaged === undefined || !isAboutContent(error)) throw error;
    return ifDamaged;
  }
}
