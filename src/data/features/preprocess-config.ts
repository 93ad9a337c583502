/** The config section `preprocess`, of the teacher or of the task. */
import { z } from 'zod';
import { namesOf } from '../../table.ts';
import { resizeFits } from './image-fit.ts';
import { resizeFilters } from './image-resample.ts';
import { preprocessPresets } from './preprocess-presets.ts';

const edge = z.int().min(1).max(4096);
const size = z.union([edge, z.tuple([edge, edge])]);

/** Ranges of a pixel's values, by name: a value is pixel / 255 * factor + offset. */
export const pixelScales = {
  '0..1': { factor: 1, offset: 0 },
  '0..255': { factor: 255, offset: 0 },
  '-1..1': { factor: 2, offset: -1 },
} as const;

/** Sources of colours: the stored values, as Pillow reads them, or their conversion to sRGB. */
export const colorSources = ['stored', 'srgb'] as const;
export const orientations = ['upright', 'stored'] as const;
export const channelOrders = ['RGB', 'BGR'] as const;

export const preprocessPresetNames = namesOf(preprocessPresets);
const presetName = z.enum(preprocessPresetNames);
const presetList = Object.values(preprocessPresets)
  .map(({ name, description }) => `${name} (${description})`)
  .join('; ');

export const preprocessFieldsSchema = z.strictObject({
  preset: presetName.optional().describe('Settings that the other fields replace.'),
  resize: z
    .strictObject({
      fit: z
        .enum(resizeFits)
        .optional()
        .describe(
          'stretch: to the size, whatever the aspect ratio. shortest-side-then-center-crop: keeps the aspect ratio, cuts off the ends. pad: keeps the aspect ratio, black bars. Default: stretch.',
        ),
      size: size
        .optional()
        .describe(
          'Size before the crop: a number (both edges, or the short side), or height and width.',
        ),
      filter: z
        .enum(resizeFilters)
        .optional()
        .describe(
          'lanczos, bicubic, bilinear: antialiased, as in Pillow and torchvision. bilinear-no-antialias: as in TensorFlow and OpenCV. Default: bilinear.',
        ),
    })
    .optional(),
  crop: size
    .optional()
    .describe(
      'Size of the middle that the model sees. Default: resize.size, which is not cropped.',
    ),
  scale: z
    .enum(namesOf(pixelScales))
    .optional()
    .describe(
      'Range of the values before mean and std. 0..255 for a model that rescales inside. Default: 0..1.',
    ),
  mean: z.array(z.number()).optional().describe('Subtracted, per channel. Default: 0.'),
  std: z.array(z.number().positive()).optional().describe('Divisor, per channel. Default: 1.'),
  channelOrder: z
    .enum(channelOrders)
    .optional()
    .describe('Order of the channels, mean and std included. Default: RGB.'),
  colors: z
    .enum(colorSources)
    .optional()
    .describe(
      'stored: without colour profile and transparency, as Pillow, OpenCV and TensorFlow read them. srgb: converted to sRGB, transparent pixels on black. Default: stored.',
    ),
  orientation: z
    .enum(orientations)
    .optional()
    .describe(
      'upright: turned as the EXIF data require. stored: not turned, as Pillow and TensorFlow read images. Default: upright.',
    ),
});

/** A preset's name, or fields. */
export const preprocessSchema = z
  .union([presetName, preprocessFieldsSchema])
  .describe(
    `How images become the numbers that the model reads: a preset, or fields. Presets: ${presetList}.`,
  );
export type PreprocessConfig = z.infer<typeof preprocessSchema>;
export type PreprocessFields = z.infer<typeof preprocessFieldsSchema>;

/** A mean or std that contradicts the scale of the values. */
interface WrongUnits {
  readonly problem: string;
  /** The change of the fields. */
  readonly change: string;
}

/** With a std of this many times the range of the values, all images look the same to a model. */
const maxRanges = 10;

/**
 * Finds a mean or std in other units than the values, such as those of pixels from 0 to 255 with
 * the scale 0..1. The model would see almost the same numbers in every image.
 */
export function wrongUnits({
  scale = '0..1',
  mean = [],
  std = [],
}: Pick<PreprocessFields, 'scale' | 'mean' | 'std'>): WrongUnits | undefined {
  const { factor, offset } = pixelScales[scale];
  const ofMean = `mean is [${mean.join(', ')}], and it is subtracted from values of ${scale}`;
  const ofStd = `std is [${std.join(', ')}], and values of ${scale} are divided by it`;
  const isOutside = (value: number) => value < offset || value > offset + factor;
  const isMeanWrong = mean.some(isOutside);
  if (isMeanWrong || Math.max(0, ...std) > maxRanges * factor) {
    const isOfBytes = [...mean, ...std].every((value) => value >= 0 && value <= 255);
    return {
      problem: isMeanWrong ? ofMean : ofStd,
      change:
        isOfBytes && scale !== '0..255'
          ? 'set scale: 0..255, or divide mean and std by 255'
          : `give mean and std of values of ${scale}`,
    };
  }
  if (scale !== '0..255' || std.length === 0 || Math.max(...mean, ...std) > 1) return undefined;
  const hasMean = mean.some((value) => value > 0);
  // Without a mean, a std of 1 changes nothing.
  return hasMean || Math.max(...std) < 1
    ? {
        problem: hasMean ? ofMean : ofStd,
        change: 'set scale: 0..1, or multiply mean and std by 255',
      }
    : undefined;
}
