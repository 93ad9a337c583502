/** Computes the features that a config section `preprocess` means. */
import { UserError } from '../../errors.ts';
import type { ImageFeatures } from './image-features.ts';
import {
  type PreprocessConfig,
  type PreprocessFields,
  pixelScales,
  wrongUnits,
} from './preprocess-config.ts';
import { preprocessPresets } from './preprocess-presets.ts';

type Size = readonly [height: number, width: number];

/** Facts about the model that `preprocess` belongs to. */
interface PreprocessedModel {
  /** Name of the config section that has `preprocess`: `teacher` or `task`. */
  readonly section: string;
  readonly channels: 1 | 3;
  /** Size in the same section of the config as `preprocess`. */
  readonly size?: Size | undefined;
  /** Size if neither the config nor a preset gives one. */
  readonly defaultSize: Size;
}

/** Image features, without the mean and the standard deviation if the config does not give any. */
export type PreprocessedFeatures = Omit<ImageFeatures, 'mean' | 'std'> & {
  readonly normalization: Pick<ImageFeatures, 'mean' | 'std'> | undefined;
};

/**
 * Computes image features from a config section. A size in this section replaces the preset's,
 * whose resize is then scaled.
 *
 * @throws UserError if the sizes contradict each other, the numbers do not fit the channels, or the
 *   mean is in other units than the scale.
 * @example
 * preprocessedFeatures('clip', { section: 'teacher', channels: 3, defaultSize: [32, 32] }).height;
 * // 224
 */
export function preprocessedFeatures(
  config: PreprocessConfig,
  model: PreprocessedModel,
): PreprocessedFeatures {
  const own: PreprocessFields = typeof config === 'string' ? { preset: config } : config;
  const preset: PreprocessFields = own.preset === undefined ? {} : presetFields(own.preset);
  const settings = { ...preset, ...own };
  const resize = { ...preset.resize, ...own.resize };
  const { channelOrder = 'RGB', colors = 'stored', orientation = 'upright' } = settings;
  const { fit = 'stretch', filter = 'bilinear' } = resize;
  const { seen, resized } = sizesOf(own, { ...settings, resize }, model);
  const { channels, section } = model;
  if (channelOrder === 'BGR' && channels === 1) {
    throw new UserError(
      `${section}.preprocess.channelOrder is BGR, and the images are grey`,
      'Remove channelOrder, or set task.channels: 3.',
    );
  }
  const [height, width] = seen;
  const size = { height: resized[0], width: resized[1] };
  return {
    kind: 'image',
    height,
    width,
    channels,
    pixels: { fit, filter, resized: size, colors, orientation, channelOrder },
    normalization: normalizationOf(settings, model),
  };
}

/** Returns a preset as fields; its type is narrower. */
function presetFields(name: keyof typeof preprocessPresets): PreprocessFields {
  const { name: _, description: __, ...fields } = preprocessPresets[name];
  return fields;
}

/** Computes the size that the model sees, and the size before the crop. */
function sizesOf(
  own: PreprocessFields,
  { crop, resize }: PreprocessFields,
  { section, size, defaultSize }: PreprocessedModel,
): { seen: Size; resized: Size } {
  const resized = pair(resize?.size ?? crop ?? size ?? defaultSize);
  const seen = pair(crop ?? resized);
  if (seen[0] > resized[0] || seen[1] > resized[1]) {
    throw new UserError(
      `${section}.preprocess.crop is ${text(seen)}, and the image is resized to ${text(resized)} before`,
      `Give ${section}.preprocess.resize.size at least the size of crop.`,
    );
  }
  if (size === undefined || (size[0] === seen[0] && size[1] === seen[1])) return { seen, resized };
  if (own.crop !== undefined || own.resize?.size !== undefined) {
    throw new UserError(
      `${section}.size is ${text(size)}, and ${section}.preprocess gives images of ${text(seen)}`,
      `Set ${section}.size: ${text(seen)}, or correct ${section}.preprocess.crop or resize.size.`,
    );
  }
  const scaled = (axis: 0 | 1) => Math.floor((size[axis] * resized[axis]) / seen[axis]);
  return { seen: size, resized: [scaled(0), scaled(1)] };
}

function pair(size: number | Size): Size {
  return typeof size === 'number' ? [size, size] : size;
}

function text([height, width]: Size): string {
  return `[${height}, ${width}]`;
}

/** Converts mean and std from the model's scale to that of pixel / 255. */
function normalizationOf(
  { scale, mean, std }: PreprocessFields,
  model: PreprocessedModel,
): PreprocessedFeatures['normalization'] {
  if (scale === undefined && mean === undefined && std === undefined) return undefined;
  const { factor, offset } = pixelScales[scale ?? '0..1'];
  const wrong = wrongUnits({ scale, mean, std });
  if (wrong) {
    const section = `${model.section}.preprocess`;
    throw new UserError(`${section}: ${wrong.problem}`, `In ${section}, ${wrong.change}.`);
  }
  const means = byChannel(mean, 0, 'mean', model);
  const stds = byChannel(std, 1, 'std', model);
  return {
    mean: means.map((value) => (value - offset) / factor),
    std: stds.map((value) => value / factor),
  };
}

function byChannel(
  values: readonly number[] | undefined,
  otherwise: number,
  field: string,
  { section, channels }: PreprocessedModel,
): readonly number[] {
  if (values === undefined) return Array<number>(channels).fill(otherwise);
  if (values.length === channels) return values;
  throw new UserError(
    `${section}.preprocess.${field} has ${values.length} numbers, and the images have ${channels} channels (task.channels)`,
    `Give ${section}.preprocess.${field} one number per channel, or set task.channels: ${values.length === 1 ? 1 : 3}.`,
  );
}
