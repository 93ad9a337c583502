import sharp from 'sharp';
import { expect, test } from 'vitest';
import { decodeImage } from '../../../src/data/features/image-decode.ts';
import { readImageHeader } from '../../../src/data/features/image-header.ts';

const features = {
  kind: 'image' as const,
  height: 8,
  width: 8,
  channels: 1 as const,
  mean: [0],
  std: [1],
};

/** Colours, and their grey by Pillow 13: Image.new('RGB', (1, 1), colour).convert('L'). */
const colours: [red: number, green: number, blue: number, grey: number][] = [
  [255, 0, 0, 76],
  [0, 255, 0, 150],
  [0, 0, 255, 29],
  [0, 0, 128, 15],
  [128, 0, 0, 38],
  [255, 255, 0, 226],
  [0, 255, 255, 179],
  [255, 0, 255, 105],
  [200, 100, 50, 124],
  [128, 128, 128, 128],
];

/** The grey values of an image, each once. */
async function greyOf(bytes: Uint8Array): Promise<number[]> {
  const example = { id: 'x', label: undefined, content: { kind: 'image' as const, bytes } };
  return [...new Set((await decodeImage(example, features)) as Uint8Array)];
}

test.each(colours)('%i %i %i is the grey %i of ITU-R 601', async (r, g, b, grey) => {
  const plain = (size: number) =>
    sharp({ create: { width: size, height: size, channels: 3, background: { r, g, b } } });
  expect(await greyOf(await plain(8).png().toBuffer())).toEqual([grey]);
  expect(await greyOf(await plain(20).webp({ lossless: true }).toBuffer())).toEqual([grey]);
  // Small JPEGs take another way; their colours are a little off.
  const jpeg = await plain(8).jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer();
  const [found, ...others] = await greyOf(jpeg);
  expect(others).toEqual([]);
  expect(Math.abs(found! - grey)).toBeLessThanOrEqual(1);
});

test('the size is that of the upright image', async () => {
  const portrait = sharp({ create: { width: 64, height: 48, channels: 3, background: 'red' } });
  const bytes = await portrait.jpeg().withMetadata({ orientation: 6 }).toBuffer();
  expect(await readImageHeader(bytes)).toEqual({
    height: 64,
    width: 48,
    grey: false,
    traits: ['orientation'],
  });
});
