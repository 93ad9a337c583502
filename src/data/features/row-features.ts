import { z } from 'zod';
import { sum } from '../../arrays.ts';
import { listOf } from '../../wide-schemas.ts';
import { notations } from './row-values.ts';

/** Maximum number of columns, of values of a column, and of texts that mean "missing". */
const maxNames = 2 ** 20;
const texts = listOf(z.string(), maxNames);

const numericSchema = z.strictObject({
  kind: z.literal('numeric'),
  name: z.string(),
  mean: z.number(),
  std: z.number().positive(),
  /** Smallest and largest number of the labeled set. A stand-in for "missing" lies outside. */
  range: z.tuple([z.number(), z.number()]).optional(),
  /** Default: `point`. */
  notation: z.enum(notations).optional(),
  /** Other texts of the labeled set, which count as missing. */
  missing: texts.optional(),
});
export type NumericFeatures = z.infer<typeof numericSchema>;

const categoricalSchema = z.strictObject({
  kind: z.literal('categorical'),
  name: z.string(),
  values: texts,
});
export type CategoricalFeatures = z.infer<typeof categoricalSchema>;

/**
 * Columns of a row, side by side in one vector. A numeric column has two numbers: the standardized
 * value (0 if missing, which is the mean) and 1 if missing. A categorical column has one number per
 * known value and one for "missing or unseen".
 */
export const rowFeaturesSchema = z.strictObject({
  kind: z.literal('row'),
  columns: listOf(z.discriminatedUnion('kind', [numericSchema, categoricalSchema]), maxNames),
  /** Texts that mean "missing", in addition to the usual spellings (`row-values.ts`). */
  missing: texts,
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
