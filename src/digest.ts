/** Digests of JSON values, by which objects are named. */
import { createHash } from 'node:crypto';

/**
 * The SHA-256 of a value's JSON, as hexadecimal digits. The order of an object's fields counts; see
 * `sortFields`.
 *
 * @param length number of digits to keep. Default: all 64.
 * @example digestJson(['seed', 1], 12).length; // 12
 */
export function digestJson(value: unknown, length?: number): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, length);
}

/**
 * A value whose objects have their fields in alphabetical order, so that equal values have the same
 * JSON whatever the order in which their fields were set.
 */
export function sortFields(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortFields);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(fields.map(([field, inner]) => [field, sortFields(inner)]));
}
