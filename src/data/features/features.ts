import { z } from 'zod';

/**
 * How an example becomes the numbers that a model reads. Fitted once, on the labeled set, by Plan;
 * stored in the plan and with every model, so that a student is always fed as it was trained.
 */
export const featuresSchema = z.discriminatedUnion('kind', [
  /** Pixels, [height, width, channels], (value / 255 - mean) / std by channel. */
  z.strictObject({
    kind: z.literal('image'),
    height: z.number().int().positive(),
    width: z.number().int().positive(),
    channels: z.union([z.literal(1), z.literal(3)]),
    mean: z.array(z.number()),
    std: z.array(z.number().positive()),
  }),
  /**
   * Columns of a row, side by side in one vector. A numeric column takes two places: the
   * standardised value (0 when missing, which is the mean) and 1 when missing. A categorical
   * column takes one place a known value and one for "missing or unseen".
   */
  z.strictObject({
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
    /** Texts that mean "missing", besides the empty one. */
    missing: z.array(z.string()),
  }),
  /** A list of floats, used as it is. */
  z.strictObject({ kind: z.literal('vector'), length: z.number().int().positive() }),
]);
export type Features = z.infer<typeof featuresSchema>;

/** The shape of one example's features, without the batch dimension. */
export function featureShape(features: Features): number[] {
  switch (features.kind) {
    case 'image':
      return [features.height, features.width, features.channels];
    case 'row':
      return [
        features.columns.reduce(
          (places, column) => places + (column.kind === 'numeric' ? 2 : column.values.length + 1),
          0,
        ),
      ];
    case 'vector':
      return [features.length];
  }
}
