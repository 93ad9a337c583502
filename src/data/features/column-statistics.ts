import {
  type Cell,
  hasPointGroups,
  isCode,
  isFiniteSquare,
  looksLikeSentinel,
  parseNumber,
  type Range,
} from './row-values.ts';

/**
 * Maximum number of distinct values counted per column; values that first appear later are ignored.
 */
export const maxCounted = 100_000;

/** Count, mean, sum of squared distances from the mean, and range of numbers. */
export interface Moments {
  count: number;
  mean: number;
  squares: number;
  min: number;
  max: number;
}

export function emptyMoments(): Moments {
  return { count: 0, mean: 0, squares: 0, min: Number.POSITIVE_INFINITY, max: -Infinity };
}

/** Adds a number that occurs `times` times (Welford 1962; Chan, Golub and LeVeque 1979). */
export function addNumber(moments: Moments, value: number, times = 1): void {
  const count = moments.count + times;
  const distance = value - moments.mean;
  moments.mean += (distance * times) / count;
  moments.squares += times * distance * (value - moments.mean);
  moments.count = count;
  moments.min = Math.min(moments.min, value);
  moments.max = Math.max(moments.max, value);
}

/** Returns the smallest and the largest number. */
export function rangeOf({ min, max }: Moments): Range {
  return [min, max];
}

/** Statistics of a column after some rows. Memory holds at most `maxCounted` distinct values. */
export class ColumnStatistics {
  /** Values that are not missing. */
  known = 0;
  /** Known values that are numbers with a decimal point, or without decimals. */
  plain = 0;
  /** Plain numbers that have a point, and those whose points may separate thousands. */
  pointed = 0;
  pointGroups = 0;
  /** Plain numbers with leading zeros, or with more digits than a number keeps. */
  codes = 0;
  /** Lengths of the plain numbers as texts. */
  readonly lengths = new Set<number>();
  /** Plain numbers that cannot be standardized, such as 1e999. */
  unusable = 0;
  /** Whether all known values are integers, and how often one is larger than the one before. */
  integers = true;
  rises = 0;
  /** Usable plain numbers, except those that look like a stand-in for "missing". */
  readonly moments = emptyMoments();
  /** Numbers that look like a stand-in for "missing", with their counts. */
  readonly candidates = new Map<number, number>();
  /** Distinct known values as texts, with their counts. */
  readonly values = new Map<string, number>();
  /** Distinct known values that are not plain numbers, with their counts. */
  readonly texts = new Map<string, number>();
  #last: number | undefined;

  /** Adds a value that is not missing; texts are trimmed. */
  add(value: Exclude<Cell, null>): void {
    this.known++;
    countIn(this.values, String(value));
    const number = typeof value === 'number' ? value : parseNumber(value, 'point');
    if (number === undefined) {
      countIn(this.texts, String(value));
      this.integers = false;
      return;
    }
    this.plain++;
    if (typeof value === 'string') {
      if (value.includes('.')) this.pointed++;
      if (hasPointGroups(value)) this.pointGroups++;
      if (isCode(value)) this.codes++;
      this.lengths.add(value.length);
    }
    this.#addPlain(number);
  }

  #addPlain(number: number): void {
    if (!Number.isInteger(number)) this.integers = false;
    if (this.#last !== undefined && number > this.#last) this.rises++;
    this.#last = number;
    if (!isFiniteSquare(number)) this.unusable++;
    else if (looksLikeSentinel(number)) countIn(this.candidates, number);
    else addNumber(this.moments, number);
  }

  /** Smallest and largest of all usable plain numbers. */
  get wholeRange(): Range {
    let { min, max } = this.moments;
    for (const value of this.candidates.keys()) {
      min = Math.min(min, value);
      max = Math.max(max, value);
    }
    return [min, max];
  }

  /** Number of distinct known values, counted up to `maxCounted`. */
  get distinct(): number {
    return this.values.size;
  }
}

function countIn<Key>(counts: Map<Key, number>, key: Key): void {
  const seen = counts.get(key);
  if (seen !== undefined || counts.size < maxCounted) counts.set(key, (seen ?? 0) + 1);
}
