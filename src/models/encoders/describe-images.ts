/** Describes the images that an encoder reads. */
import type { ImageFeatures } from '../../data/features/image-features.ts';
import { preprocessedFeatures } from '../../data/features/preprocess-features.ts';
import { UserError } from '../../errors.ts';
import { keyIn } from '../../store/key.ts';
import type { ObjectStore } from '../../store/store.ts';
import { readPreprocessIn } from '../preprocess-files.ts';
import type { EncoderConfig } from './config.ts';
import type { FoundEncoder } from './find-encoder.ts';

/** Finds the pixels that an encoder of images reads. */
export async function describeImages(
  store: ObjectStore,
  { preprocess, size }: EncoderConfig,
  { folder }: FoundEncoder,
  source: string,
): Promise<ImageFeatures> {
  const stored = preprocess ?? (await readPreprocessIn(store, keyIn(folder, '')))?.preprocess;
  if (stored === undefined) {
    throw new UserError(
      `${source} has no preprocessor_config.json or processor_config.json (${store.location}/${folder})`,
      'Copy the file from where the model is from, or set encoder.preprocess: a preset, or fields.',
    );
  }
  // A model of grey images has one mean.
  const channels = typeof stored === 'object' && stored.mean?.length === 1 ? 1 : 3;
  const model = { section: 'encoder', channels, defaultSize: size ?? [224, 224] } as const;
  const { normalization, ...features } = preprocessedFeatures(stored, model);
  const unchanged = {
    mean: Array<number>(channels).fill(0),
    std: Array<number>(channels).fill(1),
  };
  const own = { ...features, ...(normalization ?? unchanged) };
  return size === undefined ? own : resized(own, size);
}

/** Changes the size of features, and the size before the crop by the same factor. */
function resized(features: ImageFeatures, [height, width]: readonly [number, number]) {
  const { pixels } = features;
  if (pixels === undefined) return { ...features, height, width };
  const before = {
    height: Math.floor((pixels.resized.height * height) / features.height),
    width: Math.floor((pixels.resized.width * width) / features.width),
  };
  return { ...features, height, width, pixels: { ...pixels, resized: before } };
}
