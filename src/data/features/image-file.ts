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

/** Returns the file of an image. */
export function bytesOfImage(content: Content): Uint8Array {
  if (content.kind !== 'image') throw new Error(`expected an image, found a ${content.kind}`);
  return content.bytes;
}
