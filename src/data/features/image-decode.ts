/** Decodes images. Loads sharp, so it is imported when the first image is decoded. */
import sharp from 'sharp';
import type { Example, Rejected } from '../example.ts';
import type { ImageFeatures } from './image-features.ts';
import { imageType } from './image-file.ts';
import { wrongKind } from './kind.ts';
import { decodePlainJpeg, readPlainJpeg } from './plain-jpeg.ts';

// One thread per image, and several images at once: for small images this is faster than several
// threads per image. The cache of libvips is off because no operation repeats.
sharp.concurrency(1);
sharp.cache(false);

/** Larger images are refused before they are decoded: they would fill the memory. */
const maxMegapixels = 64;

/**
 * Decodes an image to the size of the features, stretched if the aspect ratio differs. Applies the
 * EXIF orientation, puts transparent pixels on black, and takes the first frame of an animation.
 * @returns pixels, [height, width, channels]; or why the image cannot be used.
 */
export async function decodeImage(
  example: Example,
  { height, width, channels }: ImageFeatures,
): Promise<Uint8Array | Rejected> {
  const { id, content } = example;
  if (content.kind !== 'image') return wrongKind(example, 'an image');
  if (imageType(content.bytes) === undefined) {
    return { id, reason: 'The image is not a JPEG, PNG or WebP file.' };
  }
  const plain = readPlainJpeg(content.bytes);
  // Colour-to-grey conversion must use libvips' coefficients.
  if (plain?.height === height && plain.width === width && plain.channels <= channels) {
    const pixels = await decodePlainJpeg(content.bytes);
    if (pixels !== undefined) return withChannels(pixels, plain.channels, channels);
  }
  try {
    const { data, info } = await sharp(content.bytes, {
      failOn: 'error',
      limitInputPixels: maxMegapixels * 1e6,
    })
      .autoOrient()
      .flatten()
      .resize(width, height, { fit: 'fill' })
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return withChannels(data, info.channels, channels);
  } catch (error) {
    return { id, reason: imageReason(error) };
  }
}

/**
 * Repeats or drops channels, because libvips keeps one channel for a grey image in any colour
 * space.
 */
function withChannels(pixels: Uint8Array, has: number, wanted: number): Uint8Array {
  if (has === wanted) return pixels;
  const size = pixels.length / has;
  const result = new Uint8Array(size * wanted);
  for (let index = 0; index < result.length; index++) {
    result[index] = pixels[Math.floor(index / wanted) * has + Math.min(index % wanted, has - 1)]!;
  }
  return result;
}

function imageReason(error: unknown): string {
  const message = error instanceof Error ? error.message.split('\n')[0] : String(error);
  return message?.includes('pixel limit')
    ? `The image has more than ${maxMegapixels} million pixels.`
    : `The image cannot be decoded: ${message}.`;
}

/** Size and colour of an encoded image. */
export interface ImageSize {
  readonly height: number;
  readonly width: number;
  readonly grey: boolean;
}

/** Reads the header of an image; returns undefined if it cannot be decoded. */
export async function readImageSize(bytes: Uint8Array): Promise<ImageSize | undefined> {
  try {
    const { height, width, space } = await sharp(bytes).metadata();
    return { height, width, grey: space === 'b-w' || space === 'grey16' };
  } catch {
    return undefined;
  }
}
