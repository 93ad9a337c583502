/** Files of images that can be decoded. */
import type { Content } from '../example.ts';

/** Their extensions, lower case, without the dot. */
export const imageExtensions: readonly string[] = ['jpg', 'jpeg', 'jfif', 'jpe', 'png', 'webp'];

/**
 * Finds the type of an image file by its first bytes.
 * @returns its extension, or undefined if it is not a JPEG, PNG or WebP file.
 */
export function imageType(bytes: Uint8Array): 'jpg' | 'png' | 'webp' | undefined {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 12));
  const text = start.toString('latin1');
  if (text.startsWith('\xff\xd8\xff')) return 'jpg';
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  return text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP' ? 'webp' : undefined;
}

/** Other types of files that pass for images, by a text at some byte near their start. */
const otherTypes: readonly {
  readonly at: number;
  readonly text: string;
  readonly noun: string;
}[] = [
  { at: 0, text: 'GIF8', noun: 'a GIF file' },
  { at: 0, text: 'BM', noun: 'a BMP file' },
  { at: 0, text: 'II*\0', noun: 'a TIFF file' },
  { at: 0, text: 'MM\0*', noun: 'a TIFF file' },
  { at: 4, text: 'ftypavi', noun: 'an AVIF file' },
  ...['hei', 'hev', 'mif1', 'msf1'].map((brand) => ({
    at: 4,
    text: `ftyp${brand}`,
    noun: 'a HEIC file, as phones write them',
  })),
  { at: 4, text: 'jP  ', noun: 'a JPEG 2000 file' },
  { at: 4, text: 'JXL ', noun: 'a JPEG XL file' },
  { at: 0, text: '\xff\x0a', noun: 'a JPEG XL file' },
  { at: 0, text: 'version https://git-lfs', noun: 'a pointer of Git LFS (run git lfs pull)' },
  { at: 0, text: '<svg', noun: 'an SVG file' },
  { at: 0, text: '<!DOCTYPE', noun: 'an HTML page, such as of a failed download' },
  { at: 0, text: '<html', noun: 'an HTML page, such as of a failed download' },
];

/** Describes a file that is not an image which can be decoded. */
export function notAnImage(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'The image is empty: it has 0 bytes.';
  const start = Buffer.from(bytes.subarray(0, 64)).toString('latin1');
  const found = otherTypes.find(({ at, text }) => start.startsWith(text, at));
  if (found === undefined) return 'The image is not a JPEG, PNG or WebP file.';
  return `The image is ${found.noun}; expected a JPEG, PNG or WebP file.`;
}

/** Returns the file of an image. */
export function bytesOfImage(content: Content): Uint8Array {
  if (content.kind !== 'image') throw new Error(`expected an image, found a ${content.kind}`);
  return content.bytes;
}
