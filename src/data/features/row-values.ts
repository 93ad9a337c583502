/** Cells of a table: texts that mean "missing", and ways to write a number. */
import { composeText } from '../compose-text.ts';

/** A cell of a row; null is missing. */
export type Cell = string | number | null;

/** Texts that common tools write for a missing value, in lower case. */
export const missingSpellings: readonly string[] = [
  ...['', '-', '--', '---', '–', '—', '.', '..', '...', '?', '*'],
  ...['na', 'n/a', 'n.a.', '#n/a', '#n/a n/a', '#na', '<na>', 'nan', '-nan', '+nan', 'nat'],
  ...['null', '(null)', '<null>', '[null]', 'none', '<none>', 'nil', '\\n', 'undefined'],
  ...['missing', '<missing>', '(missing)', 'not available', 'no data', 'nodata', '(blank)'],
  ...['inf', '+inf', '-inf', 'infinity', '+infinity', '-infinity', '∞', '-∞'],
  ...['#value!', '#div/0!', '#num!', '#ref!', '#name?', '#null!'],
  ...['1.#inf', '-1.#inf', '1.#ind', '-1.#ind', '1.#qnan', '-1.#qnan', '1.#snan', '1.#j'],
];

const spelledMissing: ReadonlySet<string> = new Set(missingSpellings);

/** Returns whether a trimmed text is a usual spelling of "missing", such as `NaN` or `#N/A`. */
export function isMissingSpelling(text: string): boolean {
  return text.length <= 13 && spelledMissing.has(text.toLowerCase());
}

/** Trims a text and brings it to Unicode's form NFC, so that equal texts are equal strings. */
export function cellText(text: string): string {
  const trimmed = text.trim();
  return isAscii.test(trimmed) ? trimmed : composeText(trimmed);
}

// Nearly all cells are ASCII, which needs no normalization.
// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is all of ASCII.
const isAscii = /^[\x00-\x7f]*$/;

/**
 * The value of a categorical column as its text: a number's shortest form, so that 2, '2' and '2.0'
 * are one value.
 * @example categoryText('2.0') // '2'
 */
export function categoryText(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const isPlain = plainNumber.test(value) && !isCode(value);
  return isPlain ? String(Number(value)) : value;
}

/**
 * A way to write numbers. `point`: 1234.5. `grouped`: also 1,234.5 or 1 234.5. `comma`: 1234,5 or
 * 1.234,5.
 */
export const notations = ['point', 'grouped', 'comma'] as const;
export type Notation = (typeof notations)[number];

export const plainNumber = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
export const wholeNumber = /^[+-]?\d+$/;
/** Thousands separated by commas, apostrophes or spaces, then a decimal point. */
const groupedNumber = /^[+-]?\d{1,3}([,'’ \u00a0\u202f])\d{3}(?:\1\d{3})*(?:\.\d+)?$/;
/** A decimal comma, with or without thousands separated by points, apostrophes or spaces. */
const commaNumber =
  /^[+-]?(?:\d+|\d{1,3}([.'’ \u00a0\u202f])\d{3}(?:\1\d{3})*)?,\d+(?:[eE][+-]?\d+)?$/;
/** Thousands separated as in `commaNumber`, without decimals. */
const pointGroups = /^[+-]?\d{1,3}([.'’ \u00a0\u202f])\d{3}(?:\1\d{3})*$/;

/** A form of numbers. */
export interface NumberForm {
  readonly pattern: RegExp;
  /** Characters to remove; a comma that is left is a decimal comma. Default: none, no comma. */
  readonly separators?: RegExp;
}

/** The forms of numbers per notation, in the order in which they are tried. */
export const numberForms: Readonly<Record<Notation, readonly NumberForm[]>> = {
  point: [{ pattern: plainNumber }],
  grouped: [
    { pattern: plainNumber },
    { pattern: groupedNumber, separators: /[,'’ \u00a0\u202f]/g },
  ],
  comma: [
    { pattern: wholeNumber },
    { pattern: commaNumber, separators: /[.'’ \u00a0\u202f]/g },
    { pattern: pointGroups, separators: /[.'’ \u00a0\u202f]/g },
  ],
};

/** Typographic minus signs, as word processors and spreadsheets write them. */
export const minusSign = /^[\u2212\uff0d\ufe63]/;

/** Returns the number that a trimmed text is in a notation, or undefined. */
export function parseNumber(text: string, notation: Notation): number | undefined {
  if (text.charCodeAt(0) > 0x7f && minusSign.test(text)) {
    return parseNumber(text.replace(minusSign, '-'), notation);
  }
  for (const { pattern, separators } of numberForms[notation]) {
    if (!pattern.test(text)) continue;
    return Number(separators ? text.replaceAll(separators, '').replace(',', '.') : text);
  }
  return undefined;
}

/** Returns whether a number has one or more points that may separate thousands: '1.234'. */
export function hasPointGroups(text: string): boolean {
  return text.includes('.') && pointGroups.test(text);
}

/**
 * Returns whether a text of digits is a code rather than a number: it has a leading zero, or more
 * digits than a number keeps.
 * @example isCode('01234') // true
 */
export function isCode(text: string): boolean {
  return zeroFirst.test(text) || isLongInteger(text);
}

/** An integer that starts with a zero it does not need. */
export const zeroFirst = /^[+-]?0\d+$/;

function isLongInteger(text: string): boolean {
  return text.length > 15 && wholeNumber.test(text) && !Number.isSafeInteger(Number(text));
}

/** Larger numbers are missing values: their squares, which a deviation needs, are infinite. */
const maxNumber = 1e150;

/** Returns whether a number can be standardized: its square is finite. */
export function isFiniteSquare(value: number): boolean {
  return Math.abs(value) <= maxNumber;
}

/** Smallest and largest number of a column. */
export type Range = readonly [min: number, max: number];

/**
 * Returns whether a number is a stand-in for "missing", such as -999999 or the largest number of a
 * type: it looks like one, and lies outside `range` by more than the width of the range.
 */
export function isSentinel(value: number, range: Range): boolean {
  return isOutside(value, range) && looksLikeSentinel(value);
}

function isOutside(value: number, [min, max]: Range): boolean {
  return value > max + (max - min) || value < min - (max - min);
}

/** Smallest and largest numbers of types that programs write for "missing". */
export const typeLimits: ReadonlySet<number> = new Set([
  ...[-32_768, -2_147_483_648, 2_147_483_647],
  ...[Number.MIN_SAFE_INTEGER, -(2 ** 63), 2 ** 63, 2 ** 64],
]);

/** Returns whether a number is made of nines, or is a limit of a type. */
export function looksLikeSentinel(value: number): boolean {
  const size = Math.abs(value);
  if (size >= 1e30) return true;
  // Returns early for most numbers, which are fractions or small.
  if (size < 99 || !Number.isInteger(value)) return false;
  return typeLimits.has(value) || (size % 10 === 9 && /^(?:-9{2,}|9{3,})$/.test(String(value)));
}

/** Numbers that mean "missing" in a column: each of `values`, and all outside of `limits`. */
export interface MissingNumbers {
  readonly values: readonly number[];
  readonly limits: Range;
}

/**
 * Lists the numbers among texts that mean "missing".
 * @param notation Of the column; a text may have a decimal point in every column.
 */
export function numbersIn(texts: readonly string[], notation: Notation): number[] {
  return texts.flatMap((text) => {
    const number = parseNumber(text, notation) ?? parseNumber(text, 'point');
    return number !== undefined && Number.isFinite(number) ? [number] : [];
  });
}

/**
 * Lists the numbers that mean "missing", for programs that cannot call `isSentinel`.
 * @param range Smallest and largest number of the labeled set. Default: no number is a stand-in.
 * @param named Numbers of `data.missing`.
 */
export function missingNumbers(range: Range | undefined, named: readonly number[]): MissingNumbers {
  const values = [...new Set(named)];
  if (!range) return { values, limits: [-maxNumber, maxNumber] };
  const nines = Array.from({ length: 14 }, (_, index) => Number('9'.repeat(index + 2)));
  const candidates = [...typeLimits, ...nines.slice(1), ...nines.map((size) => -size)];
  const sentinels = [...candidates, -1e30, 1e30].filter((value) => isSentinel(value, range));
  const [min, max] = range;
  const [low, high] = [min - (max - min), max + (max - min)];
  return {
    values: [...new Set([...values, ...sentinels])],
    limits: [Math.max(-maxNumber, Math.min(-1e30, low)), Math.min(maxNumber, Math.max(1e30, high))],
  };
}

const date =
  /^(?:[a-z]{3,9},? )?(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{4}年\d{1,2}月\d{1,2}日|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})|\d{1,2}\.?[- ]?[a-z]{3,9}[- ,]*\d{2,4}|[a-z]{3,9} \d{1,2},? \d{4})(?:[t ,]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[ap]m)?(?: ?(?:z|utc|gmt|[+-]\d{2}:?\d{2}))?)?$/i;
/** '2024-03', '2024Q1', '2024-W05', 'Mar 2024', or the form of C, 'Mon Jan  1 00:00:00 2024'. */
const period =
  /^(?:(?:19|20)\d{2}[-/](?:0[1-9]|1[0-2])|(?:19|20)\d{2}[- ]?[qw]\d{1,2}|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}[-. ]{1,2}(?:19|20)\d{2}|[a-z]{3} [a-z]{3} +\d{1,2} \d{1,2}:\d{2}:\d{2} (?:[a-z]{3,4} )?\d{4})$/i;
const timeOfDay = /^\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[ap]m)?$/i;

/** Returns whether a text is a date, a month or week of a year, or a time of day. */
export function isDate(text: string): boolean {
  return text.length <= 40 && (date.test(text) || period.test(text) || timeOfDay.test(text));
}

/** Returns whether a text is a date without separators: '20240131'. */
export function isCompactDate(text: string): boolean {
  return /^(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$/.test(text);
}

/** A number with a unit, a currency or a sign: '12 %', 'EUR 12', '<0.5', '12-'. */
const decorated =
  /^(?:[<>≤≥~≈±]=?\s?)?(?:[$€£¥₹₩]\s?|[A-Z]{2,3}[$ \u00a0])?([+-]?\d[\d.,'’ \u00a0\u202f]*)\s?(?:-|[%‰$€£¥₹₩°]|[a-zµ]{1,3}\b|°[cf])?$/i;
/** Thousands of accountants, '(1,234.50)', and of India, '12,34,567'. */
const [inBrackets, lakhs] = [/^\((.+)\)$/, /^[+-]?\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d+)?$/] as const;

/** Returns whether a text is a number in another spelling than `parseNumber` reads: '12 %'. */
export function isDecorated(text: string): boolean {
  const inner = inBrackets.exec(text)?.[1] ?? text;
  const number = decorated.exec(inner)?.[1]?.trim();
  if (number === undefined) return false;
  if (lakhs.test(number)) return true;
  return number !== text && notations.some((each) => parseNumber(number, each) !== undefined);
}
