/** Finds images that a user-supplied teacher may have been trained to see differently. */
import { rounded } from '../../format.ts';
import type { ImageFeatures } from './image-features.ts';
import type { ImageHeader, ImageTrait } from './image-header.ts';
import { type PreprocessConfig, preprocessPresetNames } from './preprocess-config.ts';

/** Aspect ratios that differ by less than this share count as equal. */
const aspectTolerance = 0.05;

/**
 * Describes how decoding changes images, as far as the config does not decide about it.
 * @param headers Images of the labeled set.
 * @param teacher The teacher's features.
 * @param preprocess The teacher's setting.
 * @returns one sentence or two per caution.
 */
export function imageCautions(
  headers: readonly ImageHeader[],
  teacher: ImageFeatures,
  preprocess: PreprocessConfig | undefined,
): string[] {
  const isDefault = teacher.pixels === undefined;
  const isOnlyScaled =
    typeof preprocess === 'object' && (preprocess.preset ?? preprocess.resize?.fit) === undefined;
  return [
    ...(isDefault || isOnlyScaled ? stretchedImages(headers, teacher) : []),
    ...(isDefault ? changedImages(headers) : []),
  ];
}

/** Describes images of which transparency leaves only one colour for the student. */
export function blankImages(
  ids: readonly string[],
  headers: readonly ImageHeader[],
  { pixels }: ImageFeatures,
): string[] {
  const [first] = ids;
  if (first === undefined) return [];
  const cause =
    pixels?.colors === 'stored'
      ? 'their transparency is not read'
      : 'their transparent pixels are put on black';
  return [
    `${counted(ids, headers)} have one colour in all pixels as the student reads them, such as '${first}', because ${cause}. Nothing can be learned from them: put the images of all sets on a background of another colour first, such as white`,
  ];
}

/** Describes images with more bits than are used. */
export function deepImages(headers: readonly ImageHeader[]): string[] {
  const deep = headers.filter(({ traits }) => traits.includes('deep'));
  if (deep.length === 0) return [];
  return [
    `${counted(deep, headers)} have 16 bits per channel, of which the upper 8 are used. If their values are small, such as those of 12 bits, write files of 8 bits first`,
  ];
}

function* stretchedImages(
  headers: readonly ImageHeader[],
  teacher: ImageFeatures,
): Generator<string> {
  const stretched = headers.filter(({ height, width }) => {
    const ratio = ((width / height) * teacher.height) / teacher.width;
    return Math.max(ratio, 1 / ratio) > 1 + aspectTolerance;
  });
  const [first] = stretched;
  if (first === undefined) return;
  yield `${counted(stretched, headers)} have another aspect ratio than the teacher's input, such as ` +
    `${first.height} x ${first.width} for ${teacher.height} x ${teacher.width}, and are stretched. ` +
    `If the teacher was trained on crops, set teacher.preprocess: ${preprocessPresetNames.join(', ')}, or fields (docs/configuration.md)`;
}

function* changedImages(headers: readonly ImageHeader[]): Generator<string> {
  for (const { trait, name, change, setting } of changes) {
    const changed = headers.filter(({ traits }) => traits.includes(trait));
    if (changed.length === 0) continue;
    yield `${counted(changed, headers)} have ${name}: ${change}. For a teacher that was trained on the stored values, set teacher.preprocess with ${setting}`;
  }
}

/** Changes that decoding makes by default, other than Pillow, and the setting against each. */
const changes: readonly {
  readonly trait: ImageTrait;
  readonly name: string;
  readonly change: string;
  readonly setting: string;
}[] = [
  {
    trait: 'profile',
    name: 'a colour profile',
    change: 'they are converted to sRGB, which Pillow, OpenCV and TensorFlow do not do',
    setting: 'colors: stored',
  },
  {
    trait: 'cmyk',
    name: 'CMYK colours',
    change: 'they are converted by a profile, which Pillow does not do',
    setting: 'colors: stored',
  },
  {
    trait: 'transparency',
    name: 'transparent pixels',
    change: 'these are put on black; Pillow and TensorFlow keep the colours under them',
    setting: 'colors: stored',
  },
  {
    trait: 'orientation',
    name: 'an EXIF orientation',
    change: 'they are turned upright, which Pillow and TensorFlow do not do',
    setting: 'orientation: stored',
  },
];

function counted(some: readonly unknown[], all: readonly unknown[]): string {
  return `${rounded(some.length)} of the first ${rounded(all.length)} labeled images`;
}
