import { percent } from '../../format.ts';
import { columnWidth, type RowFeatures } from './row-features.ts';

/** Counts, per column, the encoded rows whose value is missing or unseen. */
export interface RowGaps {
  /** @param encoded The features of a row, [length]. */
  add(encoded: ArrayLike<number>): void;
  readonly rows: number;
  /** [columns] */
  readonly missing: readonly number[];
}

/** Creates an empty count. */
export function rowGaps({ columns }: RowFeatures): RowGaps {
  const widths = columns.map(columnWidth);
  const missing = columns.map(() => 0);
  let rows = 0;
  return {
    add(encoded) {
      rows++;
      // The last number of every column is 1 if its value is missing or unseen.
      let end = 0;
      widths.forEach((width, column) => {
        end += width;
        missing[column]! += encoded[end - 1]!;
      });
    },
    get rows() {
      return rows;
    },
    missing,
  };
}

/** Minimum number of rows, maximum share of gaps in labeled/ and minimum share in another set. */
const [minRows, maxLabeled, minOther] = [10, 0.5, 0.9] as const;

/** Yields a sentence per column that is mostly known in the labeled set and unknown in `set`. */
export function* describeGaps(
  { columns }: RowFeatures,
  labeled: RowGaps,
  other: RowGaps,
  set: string,
): Generator<string> {
  if (labeled.rows === 0 || other.rows < minRows) return;
  for (const [index, { name, kind }] of columns.entries()) {
    const [before, after] = [labeled, other].map(({ missing, rows }) => missing[index]! / rows);
    if (before! > maxLabeled || after! < minOther) continue;
    const gap = kind === 'numeric' ? 'no value' : 'no value that labeled/ has';
    yield `column ${name}: ${percent(after!, 0)} of the rows read of ${set}/ have ${gap}, compared with ${percent(before!, 0)} of labeled/`;
  }
}
