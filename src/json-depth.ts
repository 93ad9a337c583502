/** A limit on nested lists and objects, in JSON that strangers write. */

/**
 * Maximum number of levels of lists and objects. `JSON.parse` has no limit, but JSON.stringify and
 * our functions that walk through a value overflow the stack at some thousands.
 */
export const maxJsonLevels = 500;

/**
 * Returns whether a parsed value has more levels of lists and objects than are read.
 * @example isTooDeep([[1]], 1); // true
 */
export function isTooDeep(value: unknown, levels = maxJsonLevels): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  const items: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  return items.some((item) => isTooDeep(item, levels - 1));
}
