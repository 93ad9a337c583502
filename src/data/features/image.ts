import { z } from 'zod';
import { readAhead } from '../ahead.ts';
import { type Example, isRejected, type Rejected } from '../example.ts';
import type { ValueType } from '../value-type.ts';
import { createImageAugmenter } from './image-augment.ts';
import {
  type ImageFeatures,
  imageFeaturesSchema,
  maxInputSide,
  pixelNormalizer,
} from './image-features.ts';
import { bytesOfImage, imageType } from './image-file.ts';
import { surveyImages } from './image-survey.ts';
import { classesSchema, type Encoder, isDecoded, type Kind, multiLabelSchema } from './kind.ts';
import { nothingUsable } from './nothing-usable.ts';
import { preprocessSchema } from './preprocess-config.ts';
import { type PreprocessedFeatures, preprocessedFeatures } from './preprocess-features.ts';

const taskSchema = z.strictObject({
  type: z.literal('image-classification'),
  classes: classesSchema,
  multiLabel: multiLabelSchema,
  size: z
    .tuple([z.int().min(1).max(maxInputSide), z.int().min(1).max(maxInputSide)])
    .describe('Height and width in pixels that the student reads; images are resized to it.'),
  channels: z
    .union([z.literal(1), z.literal(3)])
    .default(3)
    .describe('1 for grey, 3 for colour.'),
  preprocess: preprocessSchema.optional(),
});

/** Images decoded at the same time while fitting. */
const parallelDecodes = 16;

/** The datasets library of Hugging Face writes images as structs like this. */
const structSchema = z.object({
  bytes: z.instanceof(Uint8Array).nullish(),
  path: z.string().nullish(),
});

/** Encoded images, which are decoded to pixels. */
export const image: Kind<'image', typeof taskSchema, typeof imageFeaturesSchema, 'image'> = {
  name: 'image',
  task: 'image-classification',
  taskSchema,
  featuresSchema: imageFeaturesSchema,
  bytesPerNumber: 1,
  isScaled: true,
  column: {
    field: 'image',
    schema: z.string().default('image').describe('Column of the encoded image (Parquet).'),
    type: 'bytes',
    expected: 'the bytes of a file, or a struct with bytes',
    advice: 'For images, write the bytes of JPEG, PNG or WebP files into the column.',
    accepts: (type) => bytesField(type)?.kind === 'bytes' || isByteList(type),
    recognizes({ type, values }) {
      const read = values.flatMap((value) => bytesOfCell(value) ?? []);
      // A struct of bytes and path may have no bytes in the first rows.
      if (read.length === 0) return type.kind === 'struct' && type.fields.has('path');
      return read.some((bytes) => imageType(bytes) !== undefined);
    },
    read(value) {
      const bytes = bytesOfCell(value);
      if (bytes !== undefined) return { kind: 'image', bytes };
      const { path } = structSchema.safeParse(value).data ?? {};
      if (path === undefined || path === null) return 'has no image';
      return `has only the path '${path}' of an image`;
    },
    write: bytesOfImage,
  },
  shape: ({ height, width, channels }) => [height, width, channels],
  fit: (task, _, examples) => fitImages(task, examples),
  createEncoder: createImageEncoder,
  taskOf: ({ height, width, channels }) => ({ size: [height, width], channels }),
  createAugmenter: createImageAugmenter,
  refuseAugment({ channels, size }, { colorJitter, crop }) {
    const side = Math.min(...size);
    if (crop >= side) {
      const expected = `less than ${side}, the side of an image: crop is a shift, and ${crop} pixels may leave nothing of it`;
      return { path: ['crop'], expected };
    }
    const fields = ['saturation', 'hue'] as const;
    const field = fields.find((name) => channels === 1 && (colorJitter?.[name] ?? 0) > 0);
    return field && { path: ['colorJitter', field], expected: '0: the images are grey' };
  },
  sameness: 'bytes',
  createIdentity: () => bytesOfImage,
  preview: async (content, size) =>
    (await import('./image-preview.ts')).previewImage(content, size),
  encodedBytes: (content) => bytesOfImage(content).length,
  surveyTask: surveyImages,
};

/** Returns the type of the part of a column that has the bytes. */
function bytesField(type: ValueType): ValueType | undefined {
  return type.kind === 'struct' ? type.fields.get('bytes') : type;
}

/** Returns whether a column has lists that may be bytes: tools without a type for bytes do this. */
function isByteList(type: ValueType): boolean {
  return type.kind === 'list' && type.item.kind === 'integer';
}

function bytesOfCell(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  if (Array.isArray(value)) {
    const isImage = imageType(Uint8Array.from(value.slice(0, 12), Number)) !== undefined;
    return isImage ? Uint8Array.from(value, Number) : undefined;
  }
  return structSchema.safeParse(value).data?.bytes ?? undefined;
}

function createImageEncoder(features: ImageFeatures): Encoder {
  let code: Promise<typeof import('./image-decode.ts')> | undefined;
  return {
    async decode(example) {
      code ??= import('./image-decode.ts');
      const { decodeImage } = await code;
      return decodeImage(example, features);
    },
    normalize: pixelNormalizer(features),
  };
}

/**
 * Computes the mean and the standard deviation of every channel, unless the task's `preprocess`
 * gives them.
 */
async function fitImages(
  task: z.output<typeof taskSchema>,
  examples: AsyncIterable<Example | Rejected>,
): Promise<ImageFeatures> {
  const { normalization, ...shape } = shapeOf(task);
  const { channels } = task;
  // Sums of integers, so exact up to 10^11 pixels, whatever the order.
  const sums = new Float64Array(channels);
  const squares = new Float64Array(channels);
  let pixels = 0;
  const zeros = Array.from(sums);
  const ones = zeros.map(() => 1);
  const encoder = createImageEncoder({ ...shape, mean: zeros, std: ones });
  let reason: string | undefined;
  const decode = async (item: Example | Rejected) =>
    isRejected(item) ? item : encoder.decode(item);
  for await (const decoded of readAhead(examples, parallelDecodes, decode)) {
    if (!isDecoded(decoded)) {
      reason ??= `'${decoded.id}': ${decoded.reason}`;
      continue;
    }
    for (let index = 0; index < decoded.length; index++) {
      const value = decoded[index]!;
      sums[index % channels]! += value;
      squares[index % channels]! += value * value;
    }
    pixels += shape.height * shape.width;
  }
  if (pixels === 0) throw nothingUsable(reason);
  if (normalization !== undefined) return { ...shape, ...normalization };
  const mean = Array.from(sums, (sum) => sum / pixels / 255);
  const std = Array.from(squares, (square, channel) => {
    const variance = square / pixels / 255 ** 2 - mean[channel]! ** 2;
    return variance > 1e-12 ? Math.sqrt(variance) : 1;
  });
  return { ...shape, mean, std };
}

function shapeOf(task: z.output<typeof taskSchema>): PreprocessedFeatures {
  const { size, channels, preprocess } = task;
  const [height, width] = size;
  if (preprocess === undefined) {
    return { kind: 'image', height, width, channels, normalization: undefined };
  }
  return preprocessedFeatures(preprocess, { section: 'task', channels, size, defaultSize: size });
}
