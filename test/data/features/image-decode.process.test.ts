// Failures for which no image is to blame: they are errors of the task, and reject no image.
import sharp from 'sharp';
import { expect, test, vi } from 'vitest';
import type { ImageFeatures } from '../../../src/data/features/image-features.ts';
import { createEncoder } from '../../../src/data/features/index.ts';

vi.mock('../../../src/data/features/jpeg-decode.ts', () => ({
  decodeJpegs: () => Promise.reject(new Error('the thread has ended')),
}));
vi.mock(import('../../../src/data/features/image-fit.ts'), async (load) => ({
  ...(await load()),
  fitPixels: () => {
    throw new RangeError('Array buffer allocation failed');
  },
}));

const size = { height: 8, width: 8 };
const picture = sharp({ create: { ...size, channels: 3, background: '#a53' } });
const features: ImageFeatures = {
  ...{ kind: 'image', ...size, channels: 3, mean: [0, 0, 0], std: [1, 1, 1] },
  pixels: {
    ...{ fit: 'stretch', filter: 'bicubic', resized: size },
    ...{ colors: 'srgb', orientation: 'upright', channelOrder: 'RGB' },
  },
};

test.each([
  ['the thread of JPEGs', picture.clone().jpeg(), 'the thread has ended'],
  ['a lack of memory', picture.clone().png(), 'Array buffer allocation failed'],
])('%s', async (_, file, message) => {
  const content = { kind: 'image', bytes: await file.toBuffer() } as const;
  const decoding = createEncoder(features).decode({ id: 'a', label: undefined, content });
  await expect(decoding).rejects.toThrow(message);
});
