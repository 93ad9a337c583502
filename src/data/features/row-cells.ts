import { type Cell, cellText, isMissingSpelling } from './row-values.ts';

/**
 * Creates a function that returns the value of a cell: a trimmed text, a number, or null if the
 * value is missing.
 *
 * @param missing Texts that mean "missing", besides the usual spellings.
 * @example createCellReader(['?'])(' NaN ') // null
 */
export function createCellReader(missing: readonly string[]): (raw: Cell) => Cell {
  const texts = new Set(missing);
  return (raw) => {
    if (raw === null) return null;
    const value = typeof raw === 'string' ? cellText(raw) : raw;
    if (texts.has(String(value))) return null;
    return typeof value === 'string' && isMissingSpelling(value) ? null : value;
  };
}
