/** Labels of multi-label tasks: lists of class names, as texts. */
import { tryParseJson } from '../json.ts';

/**
 * Returns the names in a label: those of a JSON list, or those between semicolons.
 *
 * @returns undefined if the label is a JSON list of other values, or has no name; `[]` is a list.
 * @example
 * namesInLabel('["cat", "dog"]') // ['cat', 'dog']
 * namesInLabel('cat; dog') // ['cat', 'dog']
 */
export function namesInLabel(label: string): readonly string[] | undefined {
  const list = jsonList(label);
  if (list !== undefined) return list.every(isName) ? list.map(String) : undefined;
  const names = label.split(';').map((name) => name.trim());
  const present = names.filter((name) => name !== '');
  return present.length > 0 ? present : undefined;
}

/** Returns the values of a label that is a JSON list. */
export function jsonList(label: string): readonly unknown[] | undefined {
  if (!label.trimStart().startsWith('[')) return undefined;
  const value = tryParseJson(label);
  return Array.isArray(value) ? value : undefined;
}

/** Returns whether a value can name a class. JSON keeps only the first digits of large integers. */
function isName(value: unknown): value is string | number | boolean {
  if (typeof value === 'number') return !Number.isInteger(value) || Number.isSafeInteger(value);
  return typeof value === 'string' || typeof value === 'boolean';
}

/** Returns the label of a list of names; null stands for a value that is not a name. */
export function labelOfNames(names: readonly (string | number | null)[]): string {
  return JSON.stringify(names);
}

/** Returns a label with semicolons instead of JSON, for names of folders, if that is the same. */
export function withSemicolons(label: string): string {
  const names = namesInLabel(label) ?? [];
  const joined = names.map((name) => name.trim()).join(';');
  const read = namesInLabel(joined) ?? [];
  const isSame = names.length > 0 && labelOfNames(read) === labelOfNames(names);
  return isSame ? joined : label;
}

/**
 * Returns whether a list has a 0 or 1 per class rather than names or indices of classes.
 * @param byIndex Whether 0 and 1 would be indices.
 */
export function looksLikeFlags(
  names: readonly string[],
  classes: number,
  byIndex: boolean,
): boolean {
  const areFlags = names.every((name) => /^[01](\.0*)?$/.test(name));
  // Names 0 and 1 of three items or more would have one of them twice.
  return areFlags && (names.length > 2 || (byIndex && names.length === 2 && classes === 2));
}
