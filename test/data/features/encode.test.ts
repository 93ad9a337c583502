import { gunzipSync } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import type { Content, Example } from '../../../src/data/example.ts';
import { notAnImage } from '../../../src/data/features/image-file.ts';
import { createEncoder, type Features } from '../../../src/data/features/index.ts';
import { isDecoded } from '../../../src/data/features/kind.ts';
import { fixture } from '../../support/examples.ts';

function imageFeatures(height: number, width: number, channels: 1 | 3 = 3): Features {
  const [mean, std] = [Array(channels).fill(0), Array(channels).fill(1)];
  return { kind: 'image', height, width, channels, mean, std };
}

function exampleOf(content: Content): Example {
  return { id: 'x', label: undefined, content };
}

async function decodePicture(name: string, features: Features) {
  const bytes = await fixture(`pictures/${name}`);
  return createEncoder(features).decode(exampleOf({ kind: 'image', bytes }));
}

const expected = JSON.parse(String(await fixture('expected.json'))) as Record<
  'exact' | 'about',
  Record<string, number[]>
>;

describe('images', () => {
  test.each(Object.keys(expected.exact))('%s has the pixels of Pillow', async (name) => {
    const decoded = await decodePicture(name, imageFeatures(8, 6));
    expect(Array.from(decoded as Uint8Array)).toEqual(expected.exact[name]);
  });

  test.each(Object.keys(expected.about))('%s has about the pixels of Pillow', async (name) => {
    const [height, width] = name === 'turned.jpg' ? [24, 16] : [16, 24];
    const decoded = (await decodePicture(name, imageFeatures(height, width))) as Uint8Array;
    const wanted = expected.about[name]!;
    expect(decoded.length).toBe(wanted.length);
    const worst = Math.max(...wanted.map((value, index) => Math.abs(value - decoded[index]!)));
    expect(worst).toBeLessThanOrEqual(2);
  });

  test('grey has one channel, with weighted colours', async () => {
    const grey = await decodePicture('grey.png', imageFeatures(8, 6, 1));
    expect(Array.from(grey as Uint8Array)).toEqual(
      expected.exact['grey.png']!.filter((_, index) => index % 3 === 0),
    );
    const weighed = (await decodePicture('ramp.jpg', imageFeatures(16, 24, 1))) as Uint8Array;
    expect(weighed.length).toBe(16 * 24);
    expect(Math.abs(weighed[100]! - expected.about['ramp.jpg']![300]!)).toBeLessThanOrEqual(3);
  });

  test('16 bits per channel with a profile of sRGB have their colours', async () => {
    const pixels = Uint8Array.from({ length: 4 * 5 * 3 }, (_, index) => (37 * index) % 256);
    const image = sharp(pixels, { raw: { height: 4, width: 5, channels: 3 } });
    const bytes = await image.toColourspace('rgb16').withIccProfile('srgb').png().toBuffer();
    const encoder = createEncoder(imageFeatures(4, 5));
    const decoded = await encoder.decode(exampleOf({ kind: 'image', bytes }));
    expect(new Uint8Array(decoded as Uint8Array)).toEqual(pixels);
  });

  test('other sizes are resized, CMYK becomes RGB', async () => {
    const decoded = (await decodePicture('ramp-cmyk.jpg', imageFeatures(4, 5))) as Uint8Array;
    expect(decoded.length).toBe(4 * 5 * 3);
    // The ramp rises from the upper left to the lower right.
    expect(decoded[0]).toBeLessThan(decoded[decoded.length - 1]!);
  });

  test.each([
    ['anim.gif', /is a GIF file; expected a JPEG, PNG or WebP file/],
    ['not-an-image.png', /not a JPEG, PNG or WebP/],
    ['cut.jpg', /cannot be decoded/],
  ])('%s is rejected', async (name, reason) => {
    expect(await decodePicture(name, imageFeatures(8, 6))).toEqual({
      id: 'x',
      reason: expect.stringMatching(reason),
    });
  });

  test.each([
    ['', 'is empty'],
    ['BM', 'a BMP file'],
    ['II*\0', 'a TIFF file'],
    ['\0\0\0 ftypavif', 'an AVIF file'],
    ['\0\0\0\x18ftypheic', 'a HEIC file'],
    ['\0\0\0\x0cjP  ', 'a JPEG 2000 file'],
    ['\0\0\0\x0cJXL ', 'a JPEG XL file'],
    ['version https://git-lfs.github.com/spec/v1', 'git lfs pull'],
    ['<svg xmlns', 'an SVG file'],
    ['<!DOCTYPE html>', 'a failed download'],
    ['abc', 'is not a JPEG, PNG or WebP file'],
  ])('a file that starts with %j is named', (start, reason) => {
    expect(notAnImage(Buffer.from(start, 'latin1'))).toContain(reason);
  });

  test('a small file of 900 million pixels is refused', async () => {
    const bytes = gunzipSync(await fixture('pictures/bomb.png.gz'));
    const decoded = await createEncoder(imageFeatures(32, 32)).decode(
      exampleOf({ kind: 'image', bytes }),
    );
    expect(decoded).toEqual({ id: 'x', reason: 'The image has more than 64 million pixels.' });
  });

  test('pixels are normalised by channel, at an offset', () => {
    const features: Features = {
      kind: 'image',
      height: 1,
      width: 2,
      channels: 3,
      mean: [0, 0.5, 1],
      std: [1, 0.5, 2],
    };
    const target = new Float32Array(8);
    createEncoder(features).normalize!(Uint8Array.of(0, 255, 51, 255, 0, 255), target, 1);
    expect(Array.from(target)).toEqual([0, 0, 1, Math.fround(-0.4), 1, -1, 0, 0]);
  });
});

describe('rows', () => {
  const features: Features = {
    kind: 'row',
    columns: [
      { kind: 'numeric', name: 'age', mean: 40, std: 10 },
      { kind: 'categorical', name: 'town', values: ['Rome', '3'] },
    ],
    missing: ['?'],
  };
  const { decode } = createEncoder(features);
  const encode = (age: string | number | null, town: string | number | null) =>
    decode(exampleOf({ kind: 'row', columns: { age, town, other: 1 } }));

  test.each([
    [30, 'Rome', [-1, 0, 1, 0, 0]],
    [' 50 ', 3, [1, 0, 0, 1, 0]],
    ['?', 'Oslo', [0, 1, 0, 0, 1]],
    [null, null, [0, 1, 0, 0, 1]],
    [40, '?', [0, 0, 0, 0, 1]],
    [Number.POSITIVE_INFINITY, 'Rome', [0, 1, 1, 0, 0]],
    ['1e999', 'Rome', [0, 1, 1, 0, 0]],
  ])('age %s and town %s', async (age, town, values) => {
    expect(Array.from((await encode(age, town)) as Float32Array)).toEqual(values);
  });

  test.each([['old'], ['1,5'], ['0x1F']])('age %s is rejected', async (age) => {
    expect(await encode(age, 'Rome')).toEqual({
      id: 'x',
      reason: `Its column 'age' is '${age}'; expected a finite number.`,
    });
  });
});

test('vectors have the right length and finite numbers', async () => {
  const { decode, normalize } = createEncoder({ kind: 'vector', length: 2 });
  const vector = (...values: number[]) =>
    decode(exampleOf({ kind: 'vector', values: Float32Array.from(values) }));
  const good = await vector(1, 2);
  if (!isDecoded(good)) throw new Error('rejected');
  const target = new Float32Array(4);
  normalize!(good, target, 2);
  expect(Array.from(target)).toEqual([0, 0, 1, 2]);
  expect(await vector(1)).toEqual({ id: 'x', reason: 'Its vector has 1 numbers; expected 2.' });
  expect(await vector(1, Number.NaN)).toEqual({
    id: 'x',
    reason: 'Number 1 of its vector is NaN.',
  });
});
