/** The JavaScript with which the cards of images resize, run here on pixels. */
import { expect, test } from 'vitest';
import type { ImageFeatures } from '../../src/data/features/image-features.ts';
import { placementOf, resizeFits } from '../../src/data/features/image-fit.ts';
import { type Pixels, resample, resizeFilters } from '../../src/data/features/image-resample.ts';
import { randomFor } from '../../src/data/random.ts';
import { imageBrowser, noImageBrowser } from '../../src/evaluate/card/image-browser.ts';

const seen = { height: 9, width: 12 };
const base: ImageFeatures = { kind: 'image', ...seen, channels: 3, mean: [0], std: [1] };
const settings = {
  colors: 'srgb',
  orientation: 'upright',
  channelOrder: 'RGB',
} as const;

const cases = resizeFilters.flatMap((filter) =>
  resizeFits.flatMap((fit) =>
    [seen, { height: 11, width: 11 }, { height: 8, width: 17 }].map((resized) => ({
      filter,
      fit,
      resized,
    })),
  ),
);

/** Puts resized pixels into black ones of the size of the model. */
function placed(image: Pixels, features: ImageFeatures): Uint8Array {
  const placement = placementOf(image, { ...features.pixels!, seen });
  const { data, height, width, channels } = resample(image, placement);
  const result = new Uint8Array(seen.height * seen.width * channels);
  for (let row = 0; row < height; row++) {
    const line = data.subarray(row * width * channels, (row + 1) * width * channels);
    result.set(line, ((placement.top + row) * seen.width + placement.left) * channels);
  }
  return result;
}

test.each(cases)('a browser gets the pixels of $filter, $fit, $resized', (fitting) => {
  const random = randomFor(3);
  for (const channels of [1, 3] as const) {
    const pixels = { ...settings, ...fitting };
    const features: ImageFeatures = { ...base, channels, pixels };
    const lines = [...imageBrowser(features), 'return fitted;'].join('\n');
    const fitted = new Function(lines)() as (image: Pixels) => { readonly data: Uint8Array };
    for (const [height, width] of [
      [9, 12],
      [12, 9],
      [1, 1],
      [1, 30],
      [40, 2],
      [23, 31],
      [70, 20],
    ] as const) {
      const data = Uint8Array.from({ length: height * width * channels }, () => 256 * random());
      const image = { data, height, width, channels };
      expect([...fitted(image).data], `${height} × ${width}`).toEqual([...placed(image, features)]);
    }
  }
});

test('no browser shows an image as it is stored', () => {
  const pixels = { ...settings, fit: 'stretch', filter: 'nearest', resized: seen } as const;
  const features: ImageFeatures = { ...base, pixels };
  expect(noImageBrowser(features)).toBeUndefined();
  const stored: ImageFeatures = { ...features, pixels: { ...pixels, orientation: 'stored' } };
  expect(noImageBrowser(stored)).toContain('browsers turn an image');
  expect(() => imageBrowser(stored)).toThrow('no browser reads these images');
});
