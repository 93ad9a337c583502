/** Reads the preprocessing that other libraries store beside a model. */
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import type { PreprocessFields } from '../data/features/preprocess-config.ts';
import { UserError } from '../errors.ts';
import type { ObjectStore } from '../store/store.ts';

/** Preprocessing that a file gives. */
export interface StoredPreprocess {
  /** Key of the file. */
  readonly key: string;
  readonly preprocess: PreprocessFields;
}

/**
 * Reads `preprocessor_config.json` (transformers) or `config.json` (timm), if one lies beside the
 * model or in its folder.
 *
 * @param key The model's file or folder.
 * @returns undefined if there is none. A `config.json` without preprocessing counts as none.
 * @throws UserError if the file cannot be understood: its key, and the field.
 */
export async function readStoredPreprocess(
  store: ObjectStore,
  key: string,
): Promise<StoredPreprocess | undefined> {
  const parent = key.includes('/') ? key.slice(0, key.lastIndexOf('/') + 1) : '';
  for (const folder of [`${key}/`, parent]) {
    for (const { name, read } of storedFiles) {
      const file = `${folder}${name}`;
      if (!(await store.head(file))) continue;
      const preprocess = read(parseJson(await text(await store.read(file)), file), file);
      if (preprocess !== undefined) return { key: file, preprocess };
    }
  }
  return undefined;
}

const storedFiles = [
  { name: 'preprocessor_config.json', read: readTransformers },
  { name: 'config.json', read: readTimm },
] as const;

const count = z.int().positive();
const numbers = z.array(z.number());
const edges = z.union([
  count,
  z.strictObject({ height: count, width: count }),
  z.strictObject({ shortest_edge: count }),
]);

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

function readTransformers(json: unknown, key: string): PreprocessFields {
  const found = parse(transformersSchema, json, key);
  const unknown = Object.entries(found).find(
    ([name, value]) => name.startsWith('do_') && value === true && !knownSteps.has(name),
  );
  if (unknown) throw notUnderstood(key, `${unknown[0]} is true, which is unknown here`);
  return {
    ...transformersResize(found, key),
    ...transformersScale(found),
    ...(found.do_flip_channel_order && { channelOrder: 'BGR' as const }),
  };
}

function transformersResize(found: Transformers, key: string): PreprocessFields {
  if (!found.do_resize) throw notUnderstood(key, 'do_resize is false');
  if (!found.size) throw notUnderstood(key, 'size is missing');
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
      ? { resize: { fit: crop, size: Math.trunc(short / share), filter }, crop: short }
      : { resize: { fit: 'stretch', size: short, filter } };
  }
  if (!found.do_center_crop) {
    throw notUnderstood(key, 'size keeps the aspect ratio, and do_center_crop is false');
  }
  return { resize: { fit: crop, size: short, filter }, crop: pair(found.crop_size ?? short) };
}

const crop = 'shortest-side-then-center-crop';

/** Processors whose `size`, written as one number, is the short side; otherwise both edges. */
const shortSideProcessors = /CLIP|ConvNext|MobileNet|MobileViT|PoolFormer/;

function shortestEdge({ size, ...found }: Transformers): number | undefined {
  if (size && typeof size === 'object')
    return 'shortest_edge' in size ? size.shortest_edge : undefined;
  const processor = found.image_processor_type ?? found.feature_extractor_type ?? '';
  const isSquare = found.default_to_square ?? !shortSideProcessors.test(processor);
  return isSquare ? undefined : (size ?? undefined);
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

const timmFields = z.looseObject({
  input_size: z.tuple([count, count, count]),
  interpolation: z.enum(['bilinear', 'bicubic', 'lanczos', 'nearest']).default('bicubic'),
  crop_pct: z.number().positive().max(1).nullish(),
  crop_mode: z.enum(['center', 'squash']).default('center'),
  mean: numbers,
  std: numbers,
});

/** The fields lie in `pretrained_cfg`; in old files, beside `architecture`. */
const timmFile = z.union([
  z.looseObject({ pretrained_cfg: z.looseObject({}) }).transform((file) => file.pretrained_cfg),
  z.looseObject({ architecture: z.string(), input_size: z.unknown() }),
]);

/** timm's share of the resized image, if a model does not give its own. */
const timmShare = 0.875;

function readTimm(json: unknown, key: string): PreprocessFields | undefined {
  const file = timmFile.safeParse(json);
  if (!file.success) return undefined;
  const found = parse(timmFields, file.data, key);
  const [, height, width] = found.input_size;
  const share = found.crop_pct ?? timmShare;
  const before = (edge: number) => Math.floor(edge / share);
  return {
    resize: {
      fit: found.crop_mode === 'squash' ? 'stretch' : crop,
      size: [before(height), before(width)],
      filter: found.interpolation,
    },
    crop: [height, width],
    scale: '0..1',
    mean: found.mean,
    std: found.std,
  };
}

function parseJson(source: string, key: string): unknown {
  try {
    return JSON.parse(source);
  } catch (error) {
    throw notUnderstood(key, (error as Error).message);
  }
}

function parse<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  key: string,
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw notUnderstood(key, `${path.join('.') || 'it'}: ${message}`);
}

function notUnderstood(key: string, problem: string): UserError {
  return new UserError(
    `the preprocessing in ${key} cannot be used: ${problem}`,
    'Write it as teacher.preprocess in distill.yaml, which then replaces the file.',
  );
}
