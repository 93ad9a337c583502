/** Facts about images from their headers. Loads sharp, so it is imported with the first image. */
import sharp, { type Metadata } from 'sharp';
import { imageType } from './image-file.ts';
import { maxMegapixels, withImageRoom } from './image-memory.ts';

/** Facts about an encoded image. */
export interface ImageHeader {
  /** Size of the upright image. */
  readonly height: number;
  readonly width: number;
  readonly grey: boolean;
  readonly traits: readonly ImageTrait[];
}

/** Traits of an image that libraries read differently. */
export type ImageTrait = 'profile' | 'cmyk' | 'transparency' | 'orientation' | 'deep';

/** Reads the header of an image; returns undefined if it cannot be decoded. */
export async function readImageHeader(bytes: Uint8Array): Promise<ImageHeader | undefined> {
  if (imageType(bytes) === undefined) return undefined;
  try {
    const found = await withImageRoom(bytes, () => sharp(bytes).metadata());
    const { autoOrient, space } = found;
    const grey = space === 'b-w' || space === 'grey16';
    return { ...autoOrient, grey, traits: await traitsOf(bytes, found) };
  } catch {
    return undefined;
  }
}

async function traitsOf(bytes: Uint8Array, found: Metadata): Promise<ImageTrait[]> {
  const { depth, space, icc, hasAlpha, orientation = 1 } = found;
  const traits: ImageTrait[] = [];
  if (space === 'cmyk') traits.push('cmyk');
  else if (icc !== undefined && !isSrgb(icc)) traits.push('profile');
  if (hasAlpha && !(await isOpaque(bytes))) traits.push('transparency');
  if (orientation > 1) traits.push('orientation');
  if (depth === 'ushort') traits.push('deep');
  return traits;
}

/** Returns whether no pixel is transparent, for which all are decoded. */
async function isOpaque(bytes: Uint8Array): Promise<boolean> {
  const image = sharp(bytes, { limitInputPixels: maxMegapixels * 1e6 });
  return (await withImageRoom(bytes, () => image.stats())).isOpaque;
}

/** Returns whether a profile describes itself as sRGB, in ASCII or UTF-16. */
function isSrgb(profile: Uint8Array): boolean {
  return Buffer.from(profile).toString('latin1').replaceAll('\0', '').includes('sRGB');
}
