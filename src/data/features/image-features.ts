import { z } from 'zod';
import { listOf } from '../../wide-schemas.ts';
import { resizeFits } from './image-fit.ts';
import { resizeFilters } from './image-resample.ts';
import type { Decoded } from './kind.ts';
import { channelOrders, colorSources, orientations } from './preprocess-config.ts';

/** Maximum height and width of the images that a model reads, in pixels. */
export const maxInputSide = 4096;

/** A side before the crop, which may be longer. */
const sideBeforeCrop = z
  .int()
  .positive()
  .max(16 * maxInputSide);
const side = z.int().positive().max(maxInputSide);

/** Settings for decoding a file, if the config has a section `preprocess`. */
const pixelsSchema = z.strictObject({
  fit: z.enum(resizeFits),
  filter: z.enum(resizeFilters),
  /** Size before the crop, or the size to pad to. */
  resized: z.strictObject({ height: sideBeforeCrop, width: sideBeforeCrop }),
  colors: z.enum(colorSources),
  orientation: z.enum(orientations),
  channelOrder: z.enum(channelOrders),
});
export type PixelSettings = z.infer<typeof pixelsSchema>;

/** Pixels, [height, width, channels], each (value / 255 - mean) / std of its channel. */
export const imageFeaturesSchema = z
  .strictObject({
    kind: z.literal('image'),
    height: side,
    width: side,
    channels: z.union([z.literal(1), z.literal(3)]),
    /** [channels] */
    mean: listOf(z.number(), 3),
    /** [channels] */
    std: listOf(z.number().positive(), 3),
    /** Default: sRGB, upright, stretched to height and width by libvips' Lanczos filter. */
    pixels: pixelsSchema.optional(),
  })
  .refine(
    ({ channels, mean, std }) => mean.length === channels && std.length === channels,
    'expected one mean and one std per channel',
  );
export type ImageFeatures = z.infer<typeof imageFeaturesSchema>;

/**
 * Returns a function that normalizes pixels, from a table: a pixel has only 256 values.
 * @param channelsFirst Whether it also transposes them, to [channels, height, width].
 */
export function pixelNormalizer({ channels, mean, std }: ImageFeatures, channelsFirst = false) {
  const tables = Array.from({ length: channels }, (_, channel) =>
    Float32Array.from(
      { length: 256 },
      (_, value) => (value / 255 - mean[channel]!) / std[channel]!,
    ),
  );
  return (decoded: Decoded, target: Float32Array, offset: number): void => {
    const [planeStep, step] = channelsFirst ? [decoded.length / channels, 1] : [1, channels];
    for (const [channel, table] of tables.entries()) {
      let to = offset + channel * planeStep;
      for (let from = channel; from < decoded.length; from += channels, to += step) {
        target[to] = table[decoded[from]!]!;
      }
    }
  };
}
