import type { ImageFeatures } from '../data/features/image-features.ts';
import { rounded } from '../format.ts';
import { readBytes } from '../store/once.ts';
import type { ObjectStore } from '../store/store.ts';
import type { TeacherFile } from './teachers/teacher-kind.ts';

/** Upper bounds on the files, and on the bytes of each, in which the layer is looked for. */
const maxFiles = 8;
const maxBytes = 2 ** 22;

/**
 * Returns whether the graph of a model names a layer Rescaling, as Keras and its exporters do. Such
 * a model reads pixels from 0 to 255.
 */
export async function hasRescalingLayer(
  store: ObjectStore,
  files: readonly TeacherFile[],
): Promise<boolean> {
  for (const { object } of files.slice(0, maxFiles)) {
    const { key, version, bytes } = object;
    if (bytes === 0) continue;
    const range = { start: 0, end: Math.min(bytes, maxBytes) };
    const start = Buffer.from(await readBytes(store, key, { version, range }));
    if (/rescaling/i.test(start.toString('latin1'))) return true;
  }
  return false;
}

/** Largest value of rescaled pixels, also after a mean and a standard deviation: far below 255. */
const maxRescaled = 20;

/**
 * Warns of a model that rescales pixels itself, and would do so twice.
 *
 * @param name Name of the model.
 * @param section Section of the config whose field `preprocess` decides about its pixels.
 * @returns undefined if the model is fed pixels from 0 to 255.
 */
export function rescaledTwice(
  name: string,
  section: string,
  { mean, std }: Pick<ImageFeatures, 'mean' | 'std'>,
): string | undefined {
  const largest = Math.max(...mean.map((value, channel) => (1 - value) / std[channel]!));
  return largest > maxRescaled
    ? undefined
    : `${name} has a layer that rescales pixels, and is fed values up to ${rounded(largest)}: set ${section}.preprocess: { scale: 0..255 } in distill.yaml`;
}
