import { z } from 'zod';
import { sum } from '../../arrays.ts';

/**
 * Columns of a row, side by side in one vector. A numeric column has two numbers: the standardised
 * value (0 if missing, which is the mean) and 1 if missing. A categorical column has one number per
 * known value and one for "missing or unseen".
 */
export const rowFeaturesSchema = z.strictObject({
  kind: z.literal('row'),
  columns: z.array(
    z.discriminatedUnion('kind', [
      z.strictObject({
        kind: z.literal('numeric'),
        name: z.string(),
        mean: z.number(),
        std: z.number().positive(),
      }),
      z.strictObject({
        kind: z.literal('categorical'),
        name: z.string(),
        values: z.array(z.string()),
      }),
    ]),
  ),
  /** Texts that mean "missing", in addition to the empty text. */
  missing: z.array(z.string()),
});
export type RowFeatures = z.infer<typeof rowFeaturesSchema>;
export type ColumnFeatures = RowFeatures['columns'][number];

/** Returns the number of entries that a column has in the vector. */
export function columnWidth(column: ColumnFeatures): number {
  return column.kind === 'numeric' ? 2 : column.values.length + 1;
}

/** Returns the length of the vector. */
export function rowLength({ columns }: RowFeatures): number {
  return sum(columns.map(columnWidth));
}
