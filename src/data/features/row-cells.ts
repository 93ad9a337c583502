/** Reads the cells of a table: which are missing, and what the others mean in their column. */
import type { CategoricalFeatures, ColumnFeatures, NumericFeatures } from './row-features.ts';
import {
  type Cell,
  categoryText,
  cellText,
  isFiniteSquare,
  isMissingSpelling,
  isSentinel,
  numbersIn,
  parseNumber,
} from './row-values.ts';

/**
 * Creates a function that returns the value of a cell: a trimmed text, a number, or null if the
 * value is missing.
 *
 * @param missing Texts that mean "missing", besides the usual spellings.
 * @example createCellReader(['?', '-1'])(' -1.0 ') // null
 */
export function createCellReader(missing: readonly string[]): (raw: Cell) => Cell {
  const isMissing = createMissingTest(missing);
  return (raw) => {
    if (raw === null) return null;
    const value = typeof raw === 'string' ? cellText(raw) : raw;
    if (isMissing(String(value))) return null;
    return typeof value === 'string' && isMissingSpelling(value) ? null : value;
  };
}

/**
 * Creates a function that returns whether a trimmed text is one of those that mean "missing". A
 * number is meant in every spelling: `-1` is also `-1.0`.
 */
export function createMissingTest(missing: readonly string[]): (text: string) => boolean {
  const texts = new Set(missing.flatMap((text) => [text, categoryText(text)]));
  const hasNumbers = missing.some((text) => parseNumber(text, 'point') !== undefined);
  if (!hasNumbers) return (text) => texts.has(text);
  return (text) => texts.has(text) || texts.has(categoryText(text));
}

/** Creates the reader of a column by its kind: `createNumberReader` or `createCategoryReader`. */
export function createColumnReader(
  column: ColumnFeatures,
  missing: readonly string[],
): (raw: Cell) => Cell | undefined {
  return column.kind === 'numeric'
    ? createNumberReader(column, missing)
    : createCategoryReader(column, missing);
}

/**
 * Creates a function that reads a cell of a numeric column.
 * @returns from that function, the number; null if it is missing; undefined if it is not a number.
 */
export function createNumberReader(
  { range, notation = 'point', missing: others }: NumericFeatures,
  missing: readonly string[],
): (raw: Cell) => number | null | undefined {
  const read = createCellReader(missing);
  const odd = new Set(others);
  const numbers = new Set(numbersIn(missing, notation));
  return (raw) => {
    const value = read(raw);
    // Text that is a number in another notation only; the number itself is not missing.
    if (typeof value === 'string' && odd.has(value)) return null;
    const number = typeof value === 'string' ? parseNumber(value, notation) : value;
    if (number === undefined || number === null) return number;
    if (numbers.has(number)) return null;
    return !isFiniteSquare(number) || (range && isSentinel(number, range)) ? null : number;
  };
}

/**
 * Creates a function that reads a cell of a categorical column.
 * @returns from that function, the category, which may be unknown, or null if it is missing.
 */
export function createCategoryReader(
  { values }: CategoricalFeatures,
  missing: readonly string[],
): (raw: Cell) => string | null {
  const isMissing = createMissingTest(missing);
  const known = new Set(values);
  return (raw) => {
    if (raw === null) return null;
    const text = cellText(String(raw));
    if (isMissing(text)) return null;
    // Students of earlier versions distinguish values such as '007' from '7', or know 'None'.
    if (known.has(text)) return text;
    return isMissingSpelling(text) ? null : categoryText(text);
  };
}

/**
 * Returns the texts that a program may give for a category: with a space on either side, as tools
 * leave it, and a whole number also as a float.
 * @example categorySpellings('2') // ['2', ' 2', '2 ', '2.0', ' 2.0', '2.0 ']
 */
export function categorySpellings(value: string): string[] {
  const float = `${value}.0`;
  const forms = categoryText(float) === value ? [value, float] : [value];
  return forms.flatMap((form) => [form, ` ${form}`, `${form} `]);
}

/** Returns the number in a cell of a numeric column as it is written; NaN if there is none. */
export function rawNumber(raw: Cell, { notation = 'point' }: NumericFeatures): number {
  if (typeof raw === 'number') return raw;
  return (raw === null ? undefined : parseNumber(cellText(raw), notation)) ?? Number.NaN;
}
