/** Preprocessing as the image processors of transformers store it. */
import { z } from 'zod';
import type { PreprocessFields } from '../../data/features/preprocess-config.ts';
import { notUnderstood, parseSettings } from './settings.ts';

const count = z.int().positive();
const numbers = z.array(z.number());
/** Sizes, of which transformers 5 may list all kinds of edges, those that are not used as null. */
const edges = z.preprocess(
  withoutNulls,
  z.union([
    count,
    z.strictObject({ height: count, width: count }),
    z.strictObject({ shortest_edge: count }),
  ]),
);

function withoutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, edge]) => edge !== null));
}

/** transformers writes null for a setting that a processor does not have. */
const orTrue = z
  .boolean()
  .nullish()
  .transform((value) => value ?? true);

const transformersSchema = z.looseObject({
  image_processor_type: z.string().nullish(),
  feature_extractor_type: z.string().nullish(),
  do_resize: orTrue,
  size: edges.nullish(),
  default_to_square: z.boolean().nullish(),
  /** DPT: the size is that of the side which needs the smaller change. */
  keep_aspect_ratio: z.boolean().nullish(),
  resample: z.int().nullish(),
  crop_pct: z.number().positive().nullish(),
  do_center_crop: z.boolean().nullish(),
  crop_size: edges.nullish(),
  do_rescale: orTrue,
  rescale_factor: z.number().positive().nullish(),
  rescale_offset: z.boolean().nullish(),
  do_normalize: orTrue,
  image_mean: numbers.nullish(),
  image_std: numbers.nullish(),
  do_flip_channel_order: z.boolean().nullish(),
  /** EfficientNet: the result is divided by image_std a second time. */
  include_top: z.boolean().nullish(),
});
type Transformers = z.output<typeof transformersSchema>;

/** Steps of transformers' image processors that are known here, or change nothing. */
const knownSteps = new Set([
  'do_resize',
  'do_center_crop',
  'do_rescale',
  'do_normalize',
  'do_flip_channel_order',
  'do_convert_rgb',
]);

/** Pillow's numbers of its filters. */
const pillowFilters = ['nearest', 'lanczos', 'bilinear', 'bicubic'] as const;

/**
 * Reads `preprocessor_config.json` of transformers.
 * @throws UserError with the field that is missing or unknown here.
 */
export function readTransformers(json: unknown, key: string): PreprocessFields {
  const found = parseSettings(transformersSchema, json, key);
  const unknown = Object.entries(found).find(
    ([name, value]) => name.startsWith('do_') && value === true && !knownSteps.has(name),
  );
  if (unknown) throw notUnderstood(key, `${unknown[0]} is true, which is unknown here`);
  const processor = processorOf(found);
  if (otherProcessors.test(processor)) {
    throw notUnderstood(key, `${processor} does more than its fields say`);
  }
  if (asksToNormalize(json) && !(found.image_mean && found.image_std)) {
    throw notUnderstood(key, 'do_normalize is true, and image_mean or image_std is missing');
  }
  return {
    ...transformersResize(found, key),
    ...transformersScale(found),
    ...(found.do_flip_channel_order && { channelOrder: 'BGR' as const }),
  };
}

const processorSchema = z.looseObject({ image_processor: z.looseObject({}) });

/**
 * Reads `processor_config.json`, in which transformers 5 stores the image processor of a model of
 * images and texts, with the same fields.
 *
 * @returns undefined if it has none, as those of transformers 4.
 * @throws UserError with the field that is missing or unknown here.
 */
export function readProcessor(json: unknown, key: string): PreprocessFields | undefined {
  const { data } = processorSchema.safeParse(json);
  return data && readTransformers(data.image_processor, key);
}

function transformersResize(found: Transformers, key: string): PreprocessFields {
  if (!found.do_resize) throw notUnderstood(key, 'do_resize is false');
  if (!found.size) throw notUnderstood(key, 'size is missing');
  if (found.keep_aspect_ratio) {
    throw notUnderstood(key, 'keep_aspect_ratio is true, which is unknown here');
  }
  if (mayBeShortSide(found)) {
    throw notUnderstood(
      key,
      'size is one number and do_center_crop is true, and without image_processor_type the number may be the short side or both edges',
    );
  }
  const filter = pillowFilters[found.resample ?? -1];
  if (filter === undefined) {
    throw notUnderstood(key, `resample is ${found.resample ?? 'missing'}; expected 0, 1, 2 or 3`);
  }
  const { size, crop_pct: share } = found;
  const short = shortestEdge(found);
  if (short === undefined) {
    const crop = found.do_center_crop ? pair(found.crop_size ?? size) : undefined;
    return { resize: { fit: 'stretch', size: pair(size), filter }, ...(crop && { crop }) };
  }
  // ConvNext crops small images, and stretches large ones.
  if (share) {
    return short < 384
      ? {
          resize: {
            fit: 'shortest-side-then-center-crop',
            size: Math.trunc(short / share),
            filter,
          },
          crop: short,
        }
      : { resize: { fit: 'stretch', size: short, filter } };
  }
  if (!found.do_center_crop) {
    const stated = found.do_center_crop ?? 'missing';
    throw notUnderstood(key, `size keeps the aspect ratio, and do_center_crop is ${stated}`);
  }
  return {
    resize: { fit: 'shortest-side-then-center-crop', size: short, filter },
    crop: pair(found.crop_size ?? short),
  };
}

/** Processors whose `size`, written as one number, is the short side; otherwise both edges. */
const shortSideProcessors = /CLIP|ConvNext|MobileNet|MobileViT|PoolFormer/;

/** Processors that change `size` (LeViT: by 256 / 224), or crop before they resize (Perceiver). */
const otherProcessors = /^(Levit|Perceiver)/;

/** Returns whether the file itself sets do_normalize, whose default depends on the processor. */
function asksToNormalize(json: unknown): boolean {
  return z.object({ do_normalize: z.literal(true) }).safeParse(json).success;
}

function processorOf(found: Transformers): string {
  return found.image_processor_type ?? found.feature_extractor_type ?? '';
}

function shortestEdge({ size, ...found }: Transformers): number | undefined {
  if (size && typeof size === 'object')
    return 'shortest_edge' in size ? size.shortest_edge : undefined;
  const isSquare = found.default_to_square ?? !shortSideProcessors.test(processorOf(found));
  return isSquare ? undefined : (size ?? undefined);
}

/** Returns whether the file does not show which edges `size` has, and a crop depends on it. */
function mayBeShortSide(found: Transformers): boolean {
  const { size, default_to_square, do_center_crop } = found;
  const isOpen = typeof size === 'number' && typeof default_to_square !== 'boolean';
  return isOpen && do_center_crop === true && processorOf(found) === '';
}

function pair(size: z.output<typeof edges>): [number, number] {
  if (typeof size === 'number') return [size, size];
  return 'height' in size ? [size.height, size.width] : [size.shortest_edge, size.shortest_edge];
}

/** Converts factor, mean and std to a scale that the config has, with mean and std in its units. */
function transformersScale(found: Transformers): PreprocessFields {
  const mean = (found.do_normalize && found.image_mean) || undefined;
  const once = (found.do_normalize && found.image_std) || undefined;
  const std = found.include_top ? once?.map((value) => value ** 2) : once;
  const factor = found.do_rescale ? (found.rescale_factor ?? 1 / 255) : 1;
  const normalization = { ...(mean && { mean }), ...(std && { std }) };
  if (isNear(factor, 1 / 255) && !found.rescale_offset) return { scale: '0..1', ...normalization };
  if (isNear(factor, 1 / 127.5) && found.rescale_offset) {
    return { scale: '-1..1', ...normalization };
  }
  // (pixel * factor - offset - mean) / std, in units of a pixel.
  const offset = found.rescale_offset ? 1 : 0;
  const means = mean ?? std?.map(() => 0) ?? (offset ? [0, 0, 0] : undefined);
  return {
    scale: '0..255',
    ...(means && { mean: means.map((value) => (value + offset) / factor) }),
    ...((std || factor !== 1) && { std: (std ?? [1, 1, 1]).map((value) => value / factor) }),
  };
}

function isNear(value: number, expected: number): boolean {
  return Math.abs(value / expected - 1) < 1e-4;
}
