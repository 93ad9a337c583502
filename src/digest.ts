/** Digests, by which objects are named and checked. */
import { createHash } from 'node:crypto';

/** Computes the SHA-256 of bytes or of a text in UTF-8, in hex. */
export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

/**
 * Computes the SHA-256 of a value's JSON, in hex. It depends on the order of the fields; see
 * `sortFields`.
 *
 * @param length number of digits to keep. Default: all 64.
 * @example digestJson(['seed', 1], 12).length; // 12
 */
export function digestJson(value: unknown, length?: number): string {
  return sha256(JSON.stringify(value)).slice(0, length);
}

/**
 * Sorts the fields of all objects in a value alphabetically, so that equal values have the same
 * JSON.
 */
export function sortFields(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortFields);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(fields.map(([field, inner]) => [field, sortFields(inner)]));
}
