import { z } from 'zod';

const amount = z.number().min(0).default(0);

/** A range of positive numbers, with the lower bound first. */
function range(low: number, high: number) {
  return z
    .tuple([z.number().positive(), z.number().positive()])
    .refine(([from, to]) => from <= to, 'expected the lower bound first')
    .default([low, high]);
}

/** A range of shares of an area, with the lower bound first. */
function shares(low: number, high: number) {
  return range(low, high).refine(([, to]) => to <= 1, 'expected shares of at most 1');
}

/** Random changes to images while training. */
export const augmentSchema = z.strictObject({
  flip: z.boolean().default(false).describe('Mirror left and right at random.'),
  crop: z.int().min(0).default(0).describe('Shift by up to this many pixels at random.'),
  resizedCrop: z
    .strictObject({
      scale: shares(0.08, 1).describe('Range of the area of the part, as a share of the image.'),
      ratio: range(3 / 4, 4 / 3).describe('Range of its width divided by its height.'),
    })
    .optional()
    .describe('Enlarge a random part to the size of the image. {}: the default ranges.'),
  randAugment: z
    .strictObject({
      operations: z.int().min(1).max(14).default(2).describe('Number of changes per image.'),
      magnitude: z.int().min(0).max(30).default(9).describe('Strength of each change.'),
    })
    .optional()
    .describe('Random changes from a list of 14 (docs/configuration.md). {}: the defaults.'),
  colorJitter: z
    .strictObject({
      brightness: amount.describe('Factor from 1 - brightness to 1 + brightness.'),
      contrast: amount.describe('Factor from 1 - contrast to 1 + contrast.'),
      saturation: amount.describe('Factor from 1 - saturation to 1 + saturation.'),
      hue: z
        .number()
        .min(0)
        .max(0.5)
        .default(0)
        .describe('Shift by up to this share of the colour circle.'),
    })
    .optional()
    .describe('Random changes of the colours, in random order.'),
  erasing: z
    .strictObject({
      probability: z.number().min(0).max(1).default(0.5),
      scale: shares(0.02, 0.33).describe('Range of its area, as a share of the image.'),
      ratio: range(0.3, 3.3).describe('Range of its height divided by its width.'),
    })
    .optional()
    .describe('Fill a random rectangle with the mean colour. {}: the defaults.'),
});
export type AugmentConfig = z.infer<typeof augmentSchema>;
