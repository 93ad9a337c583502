import { percent } from '../../format.ts';
import { type ColumnFeatures, columnWidth, type RowFeatures } from './row-features.ts';

/** Counts, per column, the encoded rows whose value is missing, unseen or far from the others. */
export interface RowGaps {
  /** @param encoded The features of a row, [length]. */
  add(encoded: ArrayLike<number>): void;
  readonly rows: number;
  /** [columns] */
  readonly missing: readonly number[];
  /** Numbers that lie outside the range of the labeled set by more than its width, [columns]. */
  readonly far: readonly number[];
}

/** Creates an empty count. */
export function rowGaps({ columns }: RowFeatures): RowGaps {
  const widths = columns.map(columnWidth);
  const missing = columns.map(() => 0);
  const far = columns.map(() => 0);
  const limits = columns.map(standardizedLimits);
  let rows = 0;
  return {
    add(encoded) {
      rows++;
      // The last number of every column is 1 if its value is missing or unseen.
      let end = 0;
      widths.forEach((width, column) => {
        end += width;
        missing[column]! += encoded[end - 1]!;
        const [low, high] = limits[column]!;
        const value = encoded[end - width]!;
        if (value < low || value > high) far[column]! += 1;
      });
    },
    get rows() {
      return rows;
    },
    missing,
    far,
  };
}

/** Returns the limits beyond which a standardized number is far from those of the labeled set. */
function standardizedLimits(column: ColumnFeatures): readonly [low: number, high: number] {
  const [min, max] = (column.kind === 'numeric' ? column.range : undefined) ?? [0, 0];
  if (column.kind !== 'numeric' || max <= min) return [-Infinity, Number.POSITIVE_INFINITY];
  const { mean, std } = column;
  return [(min - (max - min) - mean) / std, (max + (max - min) - mean) / std];
}

/** Minimum number of rows, maximum share of gaps in labeled/ and minimum share in another set. */
const [minRows, maxLabeled, minOther] = [10, 0.5, 0.9] as const;
/** Share of the numbers that may be far from those of the labeled set. */
const maxFar = 0.5;

/**
 * Yields a sentence per column that is mostly known in the labeled set and unknown in `set`. Does
 * the same for a column whose numbers are mostly far from those of the labeled set.
 */
export function* describeGaps(
  { columns }: RowFeatures,
  labeled: RowGaps,
  other: RowGaps,
  set: string,
): Generator<string> {
  if (labeled.rows === 0 || other.rows < minRows) return;
  for (const [index, column] of columns.entries()) {
    const { name, kind } = column;
    const known = other.rows - other.missing[index]!;
    if (kind === 'numeric' && known >= minRows && other.far[index]! > maxFar * known) {
      const share = percent(other.far[index]! / known, 0);
      yield `column ${name}: ${share} of the numbers read of ${set}/ are far outside the range of labeled/, ${column.range?.join(' to ')}; check for another unit`;
    }
    const [before, after] = [labeled, other].map(({ missing, rows }) => missing[index]! / rows);
    if (before! > maxLabeled || after! < minOther) continue;
    const gap = kind === 'numeric' ? 'no value' : 'no value that labeled/ has';
    yield `column ${name}: ${percent(after!, 0)} of the rows read of ${set}/ have ${gap}, compared with ${percent(before!, 0)} of labeled/`;
  }
}

/** Categories that a sentence names. */
const maxNamed = 3;

/**
 * Yields a sentence per column that a student hardly knows in the rows that it predicts: most
 * values are missing or unseen, or most numbers are far from those of its training.
 */
export function* describeForeign(
  { columns }: RowFeatures,
  { rows, missing, far }: RowGaps,
): Generator<string> {
  if (rows < minRows) return;
  for (const [index, column] of columns.entries()) {
    const { name, kind } = column;
    const known = rows - missing[index]!;
    if (kind === 'numeric' && known >= minRows && far[index]! > maxFar * known) {
      const share = percent(far[index]! / known, 0);
      yield `column ${name}: ${share} of the numbers are far outside the range of the training, ${column.range?.join(' to ')}; check for another unit`;
    }
    if (missing[index]! < minOther * rows) continue;
    const share = percent(missing[index]! / rows, 0);
    const gap =
      kind === 'numeric'
        ? 'no number'
        : `no value that the student knows, such as ${column.values.slice(0, maxNamed).join(', ')}`;
    yield `column ${name}: ${share} of the rows have ${gap}`;
  }
}
