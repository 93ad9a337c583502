/** Recognizes columns of texts by their values. */
import { isUtf8 } from 'node:buffer';
import { isDate } from './row-values.ts';

/** Minimum words of a text, and letters in scripts without spaces. Names and codes are shorter. */
const [minWords, minLetters] = [3, 6] as const;
/** Minimum share of texts among the values, and share of different values among them. */
const [minTexts, minDifferent] = [0.5, 0.5] as const;
/** Minimum share of lists and objects in a column of them: a message may start with a bracket. */
const minNested = 0.9;

/**
 * Returns whether the values of a column look like texts in a language: most of them have several
 * words, and most of them differ. A column of lists or objects, written as texts, is not one.
 */
export function looksLikeTexts(values: readonly unknown[]): boolean {
  const present = values.flatMap(textIn).filter((value) => value !== '');
  if (present.length === 0) return false;
  if (present.filter(isNested).length >= minNested * present.length) return false;
  const texts = present.filter(isText);
  return texts.length >= minTexts * present.length && areDifferent(present);
}

/** Returns a text; texts in Parquet may be stored as bytes. */
function textIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return value instanceof Uint8Array && isUtf8(value) ? [Buffer.from(value).toString()] : [];
}

/** Returns whether the texts differ, or are longer than the names of categories. */
function areDifferent(texts: readonly string[]): boolean {
  const different = new Set(texts);
  if (texts.length < 4 || different.size >= minDifferent * texts.length) return true;
  return different.size >= minRepeated && areLong([...different]);
}

/** Fewest different texts, and their mean length in characters, of a column whose texts repeat. */
const [minRepeated, minLength] = [10, 40] as const;

/** Returns whether texts are longer than the names of categories. */
export function areLong(texts: readonly string[]): boolean {
  return texts.join('').length >= minLength * texts.length;
}

/** Letters of scripts that are written without spaces between words. */
const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/gu;
const letter = /\p{Letter}/u;

/** Upper bound on the characters of a text that are looked at. */
const maxLooked = 1_000;

/** Start of a list or an object: a value, `u'a'`, `Decimal('1')` or `city=`. */
const opensNested =
  /^[[{]\s*(?:[bru]{0,2}['"]|[[\](){}\d.+-]|(?:None|True|False|nan|inf)\b|[A-Za-z_][\w.]*[(=])/;

/**
 * Returns whether a value is a list or an object in the notation of JSON, or looks like one in that
 * of Python, NumPy or Spark: `['a', None]`, `{'a': 1}`, `[0.5 1. ]`, `{a=1, b=2}`.
 */
function isNested(value: string): boolean {
  const text = value.trim();
  if (!/^(?:\[.*\]|\{.*\})$/s.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return opensNested.test(text) && closesAtEnd(text);
  }
}

/** Returns whether the first bracket of a text is closed by the last one. */
function closesAtEnd(text: string): boolean {
  let depth = 0;
  for (const { 0: bracket, index } of text.matchAll(/[[\]{}]/g)) {
    depth += bracket === '[' || bracket === '{' ? 1 : -1;
    if (depth === 0) return index === text.length - 1;
  }
  return false;
}

/** Returns whether a value has several words, and is not a name, a date or a path. */
function isText(value: string): boolean {
  const start = value.slice(0, maxLooked).trim();
  if (isDate(start)) return false;
  const words = start.split(/\s+/);
  const written = words.filter((word) => letter.test(word) && !word.includes('://'));
  if (written.length >= minWords && written.length >= words.length / 2) return true;
  return (start.match(unspaced)?.length ?? 0) >= minLetters;
}
