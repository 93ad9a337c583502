import { image } from '../../data/features/image.ts';
import { type Features, featureShape } from '../../data/features/index.ts';
import { UserError } from '../../errors.ts';
import { counted } from '../../format.ts';
import { type Port, shapeText } from './loaded-model.ts';

/** The layout in which a model reads one example. */
export interface Layout {
  readonly shape: readonly number[];
  /** Whether channels come before the pixels. */
  readonly channelsFirst: boolean;
}

/** Sections of the config that describe a model which reads features. */
export type ModelSection = 'teacher' | 'encoder';

/** The values of `teacher.layout`: the order of a batch of images. */
export const layoutNames = ['NHWC', 'NCHW'] as const;
export type LayoutName = (typeof layoutNames)[number];

/**
 * Lists the layouts that fit the declared shape of a model's input. Images are [n, height, width,
 * channels], [n, channels, height, width], or [n, height, width] if grey. Rows and vectors are [n,
 * length].
 *
 * @param wanted The layout that the config states, if it does.
 * @param section Section of the config that describes the model, for errors.
 * @returns at least one; several if the declared shape does not decide.
 * @throws UserError if no layout fits: both shapes, and the field to set.
 */
export function fittingLayouts(
  input: Port,
  features: Features,
  wanted: LayoutName | undefined,
  name: string,
  section: ModelSection = 'teacher',
): readonly [Layout, ...Layout[]] {
  const declared = input.shape?.slice(1);
  const [first, ...others] = possibleLayouts(features, wanted).filter(
    ({ shape }) =>
      declared === undefined ||
      (shape.length === declared.length &&
        shape.every((size, axis) => declared[axis] === undefined || declared[axis] === size)),
  );
  if (first !== undefined) return [first, ...others];
  throw new UserError(
    `${name} reads ${shapeText(input.shape)}, and the config gives ${featureShape(features).join(' x ')}${wanted === undefined ? '' : ` in the layout ${wanted}`}`,
    features.kind === image.name
      ? imageHint(declared!, features, section)
      : 'A teacher of vectors reads the same numbers as the student: [n, length].',
  );
}

function possibleLayouts(features: Features, wanted: LayoutName | undefined): Layout[] {
  const last = { shape: featureShape(features), channelsFirst: false };
  if (features.kind !== image.name) return [last];
  const { height, width, channels } = features;
  const first = { shape: [channels, height, width], channelsFirst: true };
  const grey = { shape: [height, width], channelsFirst: false };
  return [
    ...(wanted === 'NCHW' ? [] : [last]),
    ...(wanted === 'NHWC' ? [] : [first]),
    ...(channels === 1 ? [grey] : []),
  ];
}

function imageHint(
  declared: readonly (number | undefined)[],
  features: Features & { kind: 'image' },
  section: ModelSection,
): string {
  const image = declaredImage(declared);
  if (image === undefined) {
    return 'Export a model that reads images: [n, height, width, channels] or [n, channels, height, width].';
  }
  const { height = features.height, width = features.width, channels } = image;
  const changes: string[] = [];
  if (channels !== features.channels) {
    changes.push(
      section === 'teacher'
        ? `set task.channels: ${channels}`
        : `set encoder.preprocess with a mean and a std of ${counted(channels, 'number')}`,
    );
  }
  if (height !== features.height || width !== features.width) {
    changes.push(`set ${section}.size: [${height}, ${width}]`);
  }
  if (changes.length === 0) return 'Leave out teacher.layout.';
  const text = changes.join(' and ');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** Returns height, width and channels of a declared image, if the channels show the layout. */
function declaredImage(declared: readonly (number | undefined)[]) {
  if (declared.length !== 3) return undefined;
  const [first, second, third] = declared;
  if (third === 1 || third === 3) return { height: first, width: second, channels: third };
  if (first === 1 || first === 3) return { height: second, width: third, channels: first };
  return undefined;
}

/** Transposes [n, pixels, channels] to [n, channels, pixels]. */
export function toChannelsFirst(values: Float32Array, n: number, channels: number): Float32Array {
  const pixels = values.length / (n * channels);
  const moved = new Float32Array(values.length);
  let to = 0;
  for (let example = 0; example < n; example++) {
    const start = example * pixels * channels;
    const end = start + pixels * channels;
    for (let channel = 0; channel < channels; channel++) {
      for (let from = start + channel; from < end; from += channels) moved[to++] = values[from]!;
    }
  }
  return moved;
}
