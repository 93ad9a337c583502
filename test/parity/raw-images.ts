/** Images as they are in files: of many sizes, modes and formats. */
import sharp, { type Sharp } from 'sharp';
import type { Random } from '../../src/data/random.ts';
import { pick } from './raw-values.ts';

/** Height and width that the students read. */
export const studentSize = { height: 33, width: 40 } as const;

const sizes = [
  [33, 40],
  [40, 33],
  [1, 1],
  [1, 90],
  [120, 2],
  [64, 64],
  [37, 23],
  [97, 150],
  [200, 61],
] as const;

/** An image with the extension of its format. */
export interface RawImage {
  readonly bytes: Buffer;
  readonly extension: string;
  /** Whether it has the size of the student, so that no program resizes it. */
  readonly isSized: boolean;
}

/** Ways to store pixels, [height, width, 4]. The last ones lose some of the pixels. */
const encodings: readonly [extension: string, encode: (image: Sharp) => Sharp][] = [
  ['png', (image) => image.removeAlpha().png()],
  ['png', (image) => image.png()],
  ['png', (image) => image.removeAlpha().toColourspace('b-w').png()],
  ['png', (image) => image.toColourspace('b-w').png()],
  ['png', (image) => image.removeAlpha().png({ palette: true, colors: 16 })],
  ['png', (image) => image.png({ palette: true, colors: 16 })],
  ['png', (image) => image.removeAlpha().toColourspace('rgb16').png()],
  ['png', (image) => image.removeAlpha().png({ progressive: true })],
  ['webp', (image) => image.webp({ lossless: true })],
  ['jpg', (image) => image.removeAlpha().jpeg({ quality: 90 })],
  ['jpg', (image) => image.removeAlpha().jpeg({ chromaSubsampling: '4:4:4', progressive: true })],
  ['jpg', (image) => image.removeAlpha().toColourspace('b-w').jpeg()],
];

/** Makes an image: a gradient with noise, or one colour, or the darkest and lightest pixels. */
export async function rawImage(random: Random, index: number): Promise<RawImage> {
  const [height, width] = index % 3 === 0 ? sizes[0] : pick(random, sizes);
  const [extension, encode] = encodings[index % encodings.length]!;
  const style = random();
  const slopes = Array.from({ length: 8 }, random);
  const pixels = Uint8Array.from({ length: 4 * height * width }, (_, at) => {
    const [channel, column, row] = [at % 4, (at >> 2) % width, Math.floor(at / 4 / width)];
    if (channel === 3) return style < 0.3 ? pick(random, [0, 128, 255]) : 255;
    if (style < 0.05) return 255 * slopes[channel]!;
    if (style < 0.2) return random() < 0.5 ? 0 : 255;
    const slope =
      200 * (slopes[channel]! * (column / width) + slopes[channel + 4]! * (row / height));
    return slope + 55 * random();
  });
  const image = sharp(pixels, { raw: { width, height, channels: 4 } });
  const orientation = index % 7 === 0 ? 1 + (index % 8) : 1;
  const turned = orientation === 1 ? image : image.withMetadata({ orientation });
  const isSized =
    (orientation < 5 ? height : width) === studentSize.height &&
    (orientation < 5 ? width : height) === studentSize.width;
  return { bytes: await encode(turned).toBuffer(), extension, isSized };
}
