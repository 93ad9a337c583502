import type { NumberReading } from './column-numbers.ts';
import {
  addNumber,
  type ColumnStatistics,
  emptyMoments,
  type Moments,
  rangeOf,
} from './column-statistics.ts';
import type { CategoricalFeatures, NumericFeatures } from './row-features.ts';
import {
  categoryText,
  isFiniteSquare,
  isSentinel,
  looksLikeSentinel,
  type Notation,
  parseNumber,
} from './row-values.ts';

/** Maximum number of other texts per column that are stored, to count as missing. */
const maxOddKept = 100;

/** The features of a numeric column, and its values that count as missing. */
export interface NumericColumn {
  readonly features: NumericFeatures;
  /** Numbers used for mean and deviation. */
  readonly count: number;
  /** Stand-ins for "missing", such as -999999, with their counts. */
  readonly sentinels: ReadonlyMap<number, number>;
}

/** Fits a numeric column. @throws Error if no value is a number that can be used. */
export function fitNumbers(
  name: string,
  column: ColumnStatistics,
  { odd }: NumberReading,
  notation: Notation,
): NumericColumn {
  const { moments, candidates } =
    notation === 'point' ? column : momentsOf(column.values, notation);
  const merged = { ...moments };
  const sentinels = new Map<number, number>();
  const inOrder = [...candidates].sort(([a], [b]) => Math.abs(a) - Math.abs(b));
  for (const [value, times] of inOrder) {
    if (merged.count > 0 && isSentinel(value, rangeOf(merged))) sentinels.set(value, times);
    else addNumber(merged, value, times);
  }
  const std = Math.sqrt(merged.squares / Math.max(merged.count, 1));
  const missing = [...odd.keys()].sort().slice(0, maxOddKept);
  const features: NumericFeatures = {
    kind: 'numeric',
    name,
    mean: merged.mean,
    std: std > 0 ? std : 1,
    ...(merged.count > 0 && { range: [merged.min, merged.max] }),
    ...(notation !== 'point' && { notation }),
    ...(missing.length > 0 && { missing }),
  };
  return { features, count: merged.count, sentinels };
}

/** Computes the moments in a notation, from the distinct values. */
function momentsOf(
  values: ReadonlyMap<string, number>,
  notation: Notation,
): { moments: Moments; candidates: ReadonlyMap<number, number> } {
  const moments = emptyMoments();
  const candidates = new Map<number, number>();
  for (const [text, times] of values) {
    const number = parseNumber(text, notation);
    if (number === undefined || !isFiniteSquare(number)) continue;
    if (looksLikeSentinel(number)) candidates.set(number, (candidates.get(number) ?? 0) + times);
    else addNumber(moments, number, times);
  }
  return { moments, candidates };
}

/** Maximum number of known values of a categorical column; rarer values count as "unseen". */
const maxCategories = 1_000;

/** Fits a categorical column: its values by falling frequency, then by their UTF-16 codes. */
export function fitCategories(name: string, { values }: ColumnStatistics): CategoricalFeatures {
  const counts = new Map<string, number>();
  for (const [value, times] of values) {
    const text = categoryText(value);
    counts.set(text, (counts.get(text) ?? 0) + times);
  }
  const sorted = [...counts].sort(
    ([first, firstCount], [second, secondCount]) =>
      secondCount - firstCount || (first < second ? -1 : 1),
  );
  return {
    kind: 'categorical',
    name,
    values: sorted.slice(0, maxCategories).map(([value]) => value),
  };
}
