/**
 * Checksums within objects: of JSON in a field, of binary files at the end. A change of an object,
 * and another object in its place, are noticed when it is read.
 */
import { sha256, sortFields } from '../digest.ts';
import { hasFields } from '../json.ts';
import { isTooDeep, maxJsonLevels } from '../json-depth.ts';
import { changed, damaged } from './damage.ts';

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
