/** Decodes images. Loads sharp, so it is imported when the first image is decoded. */
import sharp, { type Sharp } from 'sharp';
import { explainMachineLimit } from '../../machine-limits.ts';
import type { Example, Rejected } from '../example.ts';
import type { ImageFeatures, PixelSettings } from './image-features.ts';
import { imageType, notAnImage } from './image-file.ts';
import { fitPixels } from './image-fit.ts';
import { maxMegapixels, withImageRoom } from './image-memory.ts';
import { rgbOfCmyk, withChannels } from './image-pixels.ts';
import type { Pixels } from './image-resample.ts';
import { decodePlainJpeg, JpegThreadError } from './jpeg-worker.ts';
import { wrongKind } from './kind.ts';
import { readPlainJpeg } from './plain-jpeg.ts';

// One thread per image, and several images at once: for small images this is faster than several
// threads per image. The cache of libvips is off because no operation repeats.
sharp.concurrency(1);
sharp.cache(false);

/**
 * Decodes an image to the size of the features. Without settings in them, stretches it if the
 * aspect ratio differs, applies the EXIF orientation, and puts transparent pixels on black. Takes
 * the first frame of an animation.
 * @returns pixels, [height, width, channels]; or why the image cannot be used.
 * @throws Error that ended the thread of small JPEGs, or that a limit of the machine causes.
 */
export async function decodeImage(
  example: Example,
  features: ImageFeatures,
): Promise<Uint8Array | Rejected> {
  const { id, content } = example;
  if (content.kind !== 'image') return wrongKind(example, 'an image');
  if (imageType(content.bytes) === undefined) {
    return { id, reason: notAnImage(content.bytes) };
  }
  try {
    return await withImageRoom(content.bytes, async () => {
      const bytes = await withShallowColors(content.bytes);
      return features.pixels === undefined
        ? decodeStretched(bytes, features)
        : decodeFitted(bytes, features, features.pixels);
    });
  } catch (error) {
    if (error instanceof JpegThreadError) throw error.cause;
    if (explainMachineLimit(error)) throw error;
    return { id, reason: imageReason(error) };
  }
}

/** Offset of the bits per channel in a PNG file: in its header, which comes first. */
const bitDepthOffset = 24;

/**
 * Returns a file with 8 bits per channel if it has colours of 16 bits with a profile: sharp would
 * convert these to Display P3, and other files to sRGB.
 */
async function withShallowColors(bytes: Uint8Array): Promise<Uint8Array> {
  if (imageType(bytes) !== 'png' || bytes[bitDepthOffset] !== 16) return bytes;
  const { icc, space } = await open(bytes).metadata();
  if (icc === undefined || space !== 'rgb16') return bytes;
  return open(bytes, true).toColourspace('srgb').keepMetadata().png().toBuffer();
}

async function decodeStretched(
  bytes: Uint8Array,
  { height, width, channels }: ImageFeatures,
): Promise<Uint8Array> {
  const plain = readPlainJpeg(bytes);
  if (plain?.height === height && plain.width === width) {
    const pixels = await decodePlainJpeg(bytes, plain);
    if (pixels !== undefined) return withChannels(pixels, plain.channels, channels);
  }
  const { data, info } = await open(bytes)
    .autoOrient()
    .flatten()
    .resize(width, height, { fit: 'fill' })
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  return withChannels(data, info.channels, channels);
}

/** Decodes an image as the section `preprocess` of the config requires. */
async function decodeFitted(
  bytes: Uint8Array,
  { height, width, channels }: ImageFeatures,
  settings: PixelSettings,
): Promise<Uint8Array> {
  const fit = { ...settings, seen: { height, width }, channels };
  const plain = readPlainJpeg(bytes);
  return (
    (plain && (await decodePlainJpeg(bytes, plain, fit))) ??
    fitPixels(await decodeWhole(bytes, settings), fit)
  );
}

/** Decodes an image at its own size, with one channel or three. */
async function decodeWhole(bytes: Uint8Array, settings: PixelSettings): Promise<Pixels> {
  const isStored = settings.colors === 'stored';
  // PNG and WebP have no CMYK. Reading the metadata takes 0.4 ms.
  const mayBeCmyk = isStored && imageType(bytes) === 'jpg';
  const isCmyk = mayBeCmyk && (await sharp(bytes).metadata()).space === 'cmyk';
  let image = open(bytes, isStored);
  if (settings.orientation === 'upright') image = image.autoOrient();
  image = isStored ? image.removeAlpha() : image.flatten();
  image = isCmyk
    ? image.pipelineColourspace('cmyk').toColourspace('cmyk')
    : image.toColourspace('srgb');
  const raw = await image.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  const { height, width, channels } = raw.info;
  if (isCmyk) return { data: rgbOfCmyk(raw.data), height, width, channels: 3 };
  const kept = channels < 3 ? 1 : 3;
  return { data: withChannels(raw.data, channels, kept), height, width, channels: kept };
}

function open(bytes: Uint8Array, ignoreIcc = false): Sharp {
  return sharp(bytes, { failOn: 'error', limitInputPixels: maxMegapixels * 1e6, ignoreIcc });
}

function imageReason(error: unknown): string {
  const message = error instanceof Error ? error.message.split('\n')[0] : String(error);
  return message?.includes('pixel limit')
    ? `The image has more than ${maxMegapixels} million pixels.`
    : `The image cannot be decoded: ${message}.`;
}
