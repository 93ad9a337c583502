/** Spellings of labels: which texts are equal, and which mean "no label". */

import type { ColumnsConfig } from './columns-config.ts';
import { composeText } from './compose-text.ts';
import { missingMarks } from './missing-marks.ts';

/**
 * Returns a label or a class name as it is compared: in Unicode's composed form (NFC), without
 * spaces around it. macOS and some archives decompose names, so that "é" is two characters.
 */
export function normalizeLabel(label: string): string {
  return composeText(label).trim();
}

/**
 * Returns a text that is equal for labels that look alike: without case, invisible characters and
 * repeated spaces, and with usual digits and letters for those of full width.
 * @example labelLook('Big\u00a0 Cat\u200b') // 'big cat'
 */
export function labelLook(label: string): string {
  const visible = composeText(label, 'NFKC').replaceAll(/\p{Cf}/gu, '');
  return visible.replaceAll(/\s+/g, ' ').trim().toLowerCase();
}

/** Describes the difference of two labels that look alike. */
export function lookDifference(first: string, second: string): string {
  return first.toLowerCase() === second.toLowerCase()
    ? 'only in upper and lower case'
    : 'only in case, spaces, width or invisible characters';
}

/** A decimal number as programs write it. Integers have no exponent without its sign. */
const decimal = /^([+-]?)(\d*)(?:\.(\d*))?(e[+-]\d{1,3})?$/i;

/**
 * Returns the shortest spelling of a decimal number, or undefined if the text is not such a number.
 * Equal numbers have equal spellings. Large integers keep all of their digits.
 *
 * @param text A normalized label.
 * @example
 * numberSpelling('2.0') // '2'; so are '+2', '02', '2.' and '2.000e+00'
 * numberSpelling('1e3') // undefined: a code rather than a number
 */
export function numberSpelling(text: string): string | undefined {
  const [, sign = '', digits = '', decimals = '', exponent] = decimal.exec(text) ?? [];
  if (digits === '' && decimals === '') return undefined;
  if (exponent !== undefined) return spellingOf(Number(text));
  const whole = digits.replace(/^0+(?=\d)/, '') || '0';
  const fraction = decimals.replace(/0+$/, '');
  const number = fraction === '' ? whole : `${whole}.${fraction}`;
  return sign === '-' && number !== '0' ? `-${number}` : number;
}

function spellingOf(number: number): string | undefined {
  if (!Number.isFinite(number)) return undefined;
  return Object.is(number, -0) ? '0' : String(number);
}

/** Returns whether two spellings mean the same label: normalized, or as numbers. */
export function isSameLabel(first: string, second: string): boolean {
  const comparable = (text: string) => numberSpelling(normalizeLabel(text)) ?? normalizeLabel(text);
  return comparable(first) === comparable(second);
}

/** Returns whether a number has a zero in front, as codes and file names have: '007', not '0.7'. */
export function hasLeadingZero(text: string): boolean {
  return /^[+-]?0\d/.test(text);
}

/** Returns whether a label means "no label" in every format: it is empty, or -1. */
function isNoLabel(label: string): boolean {
  return label === '' || numberSpelling(label) === '-1';
}

/**
 * Lists the class names of the config that would otherwise mean "no label": -1, or a text that is
 * in `data.missing` or that programs write. Classes in a file count only after Plan has read them.
 */
export function classesLikeMissing({ task, data }: ColumnsConfig): string[] {
  const isMissing = (name: string) => data.missing.includes(name) || missingMarks.has(name);
  return classNames(task).filter((name) => isNoLabel(name) || isMissing(name));
}

function classNames({ classes }: ColumnsConfig['task']): string[] {
  return typeof classes === 'string' ? [] : classes.map((name) => normalizeLabel(String(name)));
}

/**
 * Creates a function that returns why a label means "no label", as a sentence, or undefined if it
 * is one. A missing label is empty, -1, or a text that is in `data.missing` or that programs write
 * for a missing value. But a class of the config is always a label.
 */
export function missingLabels(
  config: ColumnsConfig,
): (label: string | undefined) => string | undefined {
  const comparable = (label: string) => numberSpelling(label) ?? label;
  const classes = new Set(classesLikeMissing(config).map(comparable));
  const missing = new Set(config.data.missing);
  const names = new Set(classNames(config.task));
  return (raw) => {
    if (raw !== undefined && names.has(raw)) return undefined;
    const label = raw === undefined ? '' : normalizeLabel(raw);
    if (classes.has(comparable(label))) return undefined;
    if (label === '') return 'It has no label.';
    if (isNoLabel(label))
      return `Its label is ${label}, which means "no label" unless task.classes has it.`;
    if (missing.has(label))
      return `Its label is '${label}', which is in data.missing and not in task.classes.`;
    if (missingMarks.has(label))
      return `Its label is '${label}', as programs write a missing value, and not in task.classes.`;
    return undefined;
  };
}
