/** Makes small pictures. Loads sharp, so it is imported when the first one is made. */
import sharp from 'sharp';
import type { Content } from '../example.ts';
import { bytesOfImage } from './image-file.ts';
import { maxMegapixels, withImageRoom } from './image-memory.ts';
import type { Preview, PreviewSize } from './preview.ts';

/** Images with sides up to this length stay PNG, so that every pixel can be seen. */
const maxLossless = 40;

/** Returns a small picture; undefined if the image cannot be decoded. */
export async function previewImage(
  content: Content,
  { side }: PreviewSize,
): Promise<Preview | undefined> {
  try {
    const file = bytesOfImage(content);
    const image = sharp(file, { failOn: 'none', limitInputPixels: maxMegapixels * 1e6 });
    const { width = 0, height = 0 } = await image.metadata();
    const isSmall = Math.max(width, height) <= maxLossless;
    const resized = image
      .autoOrient()
      .resize(side, side, { fit: 'inside', withoutEnlargement: true })
      .toColourspace('srgb');
    const encoded = isSmall
      ? resized.png({ compressionLevel: 9 })
      : resized.flatten({ background: '#fff' }).jpeg({ quality: 72 });
    const { data: bytes, info } = await withImageRoom(file, () =>
      encoded.toBuffer({ resolveWithObject: true }),
    );
    const type = isSmall ? 'image/png' : 'image/jpeg';
    return { kind: 'picture', type, bytes, width: info.width, height: info.height };
  } catch {
    return undefined;
  }
}
