/** The modules for browsers of the cards of images, run in Chromium on files. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, onTestFinished, test } from 'vitest';
import { decodeImage } from '../../src/data/features/image-decode.ts';
import type { ImageFeatures, PixelSettings } from '../../src/data/features/image-features.ts';
import { randomFor } from '../../src/data/random.ts';
import { imageBrowser } from '../../src/evaluate/card/image-browser.ts';
import { rawImage } from '../parity/raw-images.ts';
import {
  expectAlike,
  expectOnTestImages,
  predictImages,
  predictInBrowser,
  trainedStudent,
} from '../support/card-in-browser.ts';
import { chromium, type ServedFile } from '../support/chromium.ts';
import { makeDataset } from '../support/datasets.ts';

const quick = { compare: '[]', warmup: '{ epochs: 1 }', publish: '{ minGain: -1 }' };

const size = { height: 33, width: 40 };
const base: ImageFeatures = { kind: 'image', ...size, channels: 3, mean: [0], std: [1] };
const pixels: PixelSettings = {
  fit: 'stretch',
  filter: 'bicubic',
  resized: size,
  colors: 'srgb',
  orientation: 'upright',
  channelOrder: 'RGB',
};
const settings: readonly ImageFeatures[] = [
  { ...base, pixels },
  { ...base, channels: 1, pixels: { ...pixels, fit: 'pad', filter: 'lanczos' } },
  { ...base, pixels: { ...pixels, fit: 'pad', filter: 'nearest', channelOrder: 'BGR' } },
  {
    ...base,
    pixels: {
      ...{ ...pixels, fit: 'shortest-side-then-center-crop', filter: 'bilinear' },
      resized: { height: 36, width: 47 },
    },
  },
  { ...base, pixels: { ...pixels, filter: 'bilinear-no-antialias' } },
];

describe.skipIf(chromium === undefined)('the module for browsers of images', () => {
  test('reaches the accuracy of the report on images', async () => {
    const made = makeDataset('images', quick);
    const student = await trainedStudent(made);
    const { photos, found } = await expectOnTestImages(made, student);
    const prepare = `await (async () => {
      const image = new Image();
      image.src = value;
      await image.decode();
      return image;
    })()`;
    const files: [string, ServedFile][] = [['/photo', ['image/png', photos[0]!]]];
    const { folder, program } = student;
    const [shown] = await predictInBrowser(folder, program, ['/photo'], { prepare, files });
    expect(shown).toEqual(found[0]);
  });

  test('reaches it with preprocess, and fits photos to the student', async () => {
    const classes = "['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']";
    const preprocess =
      '{ resize: { fit: shortest-side-then-center-crop, size: 12, filter: bicubic }, crop: 10, mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.4] }';
    const made = makeDataset('images', {
      ...quick,
      task: `{ type: image-classification, classes: ${classes}, size: [10, 10], channels: 3, preprocess: ${preprocess} }`,
    });
    const student = await trainedStudent(made);
    const { photos } = await expectOnTestImages(made, student);
    const large = await Promise.all(
      photos.slice(0, 20).map((photo, index) =>
        sharp(photo)
          .resize({ width: 30 + 3 * index, height: 60, fit: 'fill' })
          .toColourspace('srgb')
          [index % 2 ? 'jpeg' : 'png']()
          .toBuffer(),
      ),
    );
    await expectAlike(student.folder, await predictImages(student, large), large, 1e-5);
  });

  test.each(settings)('gives the pixels that the student reads: %j', async (features) => {
    const random = randomFor(7);
    const images: Uint8Array[] = [];
    for (let index = 0; index < 24; index++) images.push((await rawImage(random, index)).bytes);
    const program = [
      ...imageBrowser(features),
      'export const predict = async (image) => [...fitted(await decoded(image)).data];',
    ].join('\n');
    const found = await predictImages({ folder: noFiles(), program }, images);
    for (const [index, bytes] of images.entries()) {
      const content = { kind: 'image', bytes } as const;
      const expected = await decodeImage({ id: '', label: undefined, content }, features);
      if ('reason' in expected) throw new Error(expected.reason);
      const values = Object.values(found[index]!);
      expect(values).toHaveLength(expected.length);
      const largest = expected.reduce(
        (most, value, at) => Math.max(most, Math.abs(value - values[at]!)),
        0,
      );
      // Chromium rounds where a pixel is partly transparent, and libvips cuts.
      const { hasAlpha } = await sharp(bytes).metadata();
      expect(largest, `image ${index}`).toBeLessThanOrEqual(hasAlpha ? 1 : 0);
    }
  });

  test('refuses transparent pixels if their stored colours count', async () => {
    const features: ImageFeatures = { ...base, pixels: { ...pixels, colors: 'stored' } };
    const program = [
      ...imageBrowser(features),
      'export const predict = async (image) => [...fitted(await decoded(image)).data];',
    ].join('\n');
    const raw = { width: 2, height: 1, channels: 4 } as const;
    const [clear, opaque] = await Promise.all(
      [200, 255].map((alpha) =>
        sharp(Uint8Array.of(9, 8, 7, 255, 6, 5, 4, alpha), { raw })
          .png()
          .toBuffer(),
      ),
    );
    const none = { folder: noFiles(), program };
    const [values] = await predictImages(none, [opaque!]);
    expect(Object.values(values!)).toHaveLength(3 * size.height * size.width);
    await expect(predictImages(none, [clear!])).rejects.toThrow('colours of transparent pixels');
  });
});

/** Makes an empty folder. */
function noFiles(): string {
  const folder = mkdtempSync(join(tmpdir(), 'counterweight-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}
