import { z } from 'zod';
import { resizeFits } from './image-fit.ts';
import { resizeFilters } from './image-resample.ts';
import type { Decoded } from './kind.ts';
import { channelOrders, colorSources, orientations } from './preprocess-config.ts';

const edge = z.int().positive();

/** Settings for decoding a file, if the config has a section `preprocess`. */
const pixelsSchema = z.strictObject({
  fit: z.enum(resizeFits),
  filter: z.enum(resizeFilters),
  /** Size before the crop, or the size to pad to. */
  resized: z.strictObject({ height: edge, width: edge }),
  colors: z.enum(colorSources),
  orientation: z.enum(orientations),
  channelOrder: z.enum(channelOrders),
});
export type PixelSettings = z.infer<typeof pixelsSchema>;

/** Pixels, [height, width, channels], each (value / 255 - mean) / std of its channel. */
export const imageFeaturesSchema = z.strictObject({
  kind: z.literal('image'),
  height: z.number().int().positive(),
  width: z.number().int().positive(),
  channels: z.union([z.literal(1), z.literal(3)]),
  mean: z.array(z.number()),
  std: z.array(z.number().positive()),
  /** Default: sRGB, upright, stretched to height and width by libvips' Lanczos filter. */
  pixels: pixelsSchema.optional(),
});
export type ImageFeatures = z.infer<typeof imageFeaturesSchema>;

/** Returns a function that normalizes pixels, from a table: a pixel has only 256 values. */
export function pixelNormalizer({ channels, mean, std }: ImageFeatures) {
  const tables = Array.from({ length: channels }, (_, channel) =>
    Float32Array.from(
      { length: 256 },
      (_, value) => (value / 255 - mean[channel]!) / std[channel]!,
    ),
  );
  return (decoded: Decoded, target: Float32Array, offset: number): void => {
    for (const [channel, table] of tables.entries()) {
      for (let at = channel; at < decoded.length; at += channels) {
        target[offset + at] = table[decoded[at]!]!;
      }
    }
  };
}
