import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AugmentConfig, augmentSchema } from '../../../src/data/features/augment-config.ts';
import { createAugmenter, createEncoder, type Features } from '../../../src/data/features/index.ts';
import { type Random, randomFor } from '../../../src/data/random.ts';

type ImageFeatures = Features & { kind: 'image' };

const features: ImageFeatures = {
  kind: 'image',
  height: 2,
  width: 3,
  channels: 1,
  mean: [0.2],
  std: [1],
};
const image = Uint8Array.of(1, 2, 3, 4, 5, 6);

/** Returns an image's pixels after augmentation, before they are normalised. */
function augment(
  pixels: Uint8Array,
  features: ImageFeatures,
  config: AugmentConfig,
  random: Random,
): number[] {
  const { channels, mean, std } = features;
  const values = new Float32Array(pixels.length);
  createAugmenter(features, config).write(pixels, 0, values, 0, random);
  return Array.from(values, (value, index) => {
    const channel = index % channels;
    return Math.round((value * std[channel]! + mean[channel]!) * 255);
  });
}

/** Creates a random source that draws these numbers. */
function drawing(...numbers: number[]) {
  return () => numbers.shift() ?? Number.NaN;
}

test.each([
  ['mirrored', { flip: true, crop: 0 }, [0.1], [3, 2, 1, 6, 5, 4]],
  ['not mirrored', { flip: true, crop: 0 }, [0.9], [1, 2, 3, 4, 5, 6]],
  ['moved down and left', { flip: false, crop: 1 }, [0.9, 0.1], [51, 51, 51, 2, 3, 51]],
  ['moved up', { flip: false, crop: 1 }, [0, 0.5], [4, 5, 6, 51, 51, 51]],
  ['mirrored and moved right', { flip: true, crop: 1 }, [0.1, 0.5, 0.9], [2, 1, 51, 5, 4, 51]],
  ['moved out of sight', { flip: false, crop: 3 }, [0, 0], [51, 51, 51, 51, 51, 51]],
])('an image is %s', (_, config, numbers, expected) => {
  expect(augment(image, features, config, drawing(...numbers))).toEqual(expected);
  expect(Array.from(image)).toEqual([1, 2, 3, 4, 5, 6]);
});

test('channels stay together', () => {
  const colour: ImageFeatures = {
    ...features,
    width: 2,
    height: 1,
    channels: 3,
    mean: [0, 0, 0],
    std: [1, 1, 1],
  };
  const pixels = Uint8Array.of(1, 2, 3, 4, 5, 6);
  expect(augment(pixels, colour, { flip: true, crop: 0 }, () => 0)).toEqual([4, 5, 6, 1, 2, 3]);
});

test('all shifts are equally likely', () => {
  const counts = new Map<string, number>();
  for (let position = 0; position < 3_600; position++) {
    const moved = augment(image, features, { flip: false, crop: 1 }, randomFor(1, 1, position));
    counts.set(String(moved), (counts.get(String(moved)) ?? 0) + 1);
  }
  expect(counts.size).toBe(9);
  // Five standard deviations.
  for (const count of counts.values()) expect(Math.abs(count - 400)).toBeLessThan(95);
});

const cases = fc
  .record({
    height: fc.integer({ min: 1, max: 6 }),
    width: fc.integer({ min: 1, max: 6 }),
    channels: fc.constantFrom(1 as const, 3 as const),
    flip: fc.boolean(),
    crop: fc.nat({ max: 8 }),
    seed: fc.nat(),
  })
  .chain(({ height, width, channels, ...rest }) =>
    fc.record({
      pixels: fc.uint8Array({
        minLength: height * width * channels,
        maxLength: height * width * channels,
      }),
      features: fc.constant<ImageFeatures>({
        ...{ kind: 'image', height, width, channels },
        mean: [0.1, 0.5, 0.9].slice(0, channels),
        std: [0.2, 0.3, 0.4].slice(0, channels),
      }),
      ...{ flip: fc.constant(rest.flip), crop: fc.constant(rest.crop) },
      seed: fc.constant(rest.seed),
    }),
  );

test('every pixel is the normalised pixel of its position, at any shift of the image', () => {
  fc.assert(
    fc.property(cases, fc.nat({ max: 9 }), ({ pixels, features, flip, crop, seed }, position) => {
      const expected = new Float32Array(pixels.length);
      const moved = movedPixels(pixels, features, flip, crop, randomFor(seed));
      createEncoder(features).normalize!(moved, expected, 0);

      const all = new Uint8Array(position + pixels.length + 5).fill(255);
      all.set(pixels, position);
      const values = new Float32Array(pixels.length + 7).fill(99);
      createAugmenter(features, { flip, crop }).write(all, position, values, 3, randomFor(seed));
      expect(values.subarray(3, -4)).toEqual(expected);
      expect(Array.from(values).filter((value) => value === 99).length).toBe(7);
    }),
  );
});

/** Shifts and mirrors pixel by pixel, as defined. */
function movedPixels(
  pixels: Uint8Array,
  { height, width, channels, mean }: ImageFeatures,
  flip: boolean,
  crop: number,
  random: Random,
): Uint8Array {
  const shift = () => Math.floor(random() * (2 * crop + 1)) - crop;
  const mirrored = flip && random() < 0.5;
  const [down, right] = crop > 0 ? [shift(), shift()] : [0, 0];
  return pixels.map((_, index) => {
    const channel = index % channels;
    const x = Math.floor(index / channels) % width;
    const fromY = Math.floor(index / channels / width) - down;
    const fromX = (mirrored ? width - 1 - x : x) - right;
    const inside = fromY >= 0 && fromY < height && fromX >= 0 && fromX < width;
    return inside
      ? pixels[(fromY * width + fromX) * channels + channel]!
      : Math.round(mean[channel]! * 255);
  });
}

test('rows and vectors are not changed', () => {
  const augmenter = createAugmenter({ kind: 'vector', length: 2 }, { flip: true, crop: 4 });
  const values = new Float32Array(4);
  augmenter.write(Float32Array.of(9, 1, 2), 1, values, 2, () => 0);
  expect(Array.from(values)).toEqual([0, 0, 1, 2]);
  expect(augmenter.isRandom).toBe(false);
});

const everything = augmentSchema.parse({
  ...{ flip: true, crop: 1, resizedCrop: {}, randAugment: {}, erasing: {} },
  colorJitter: { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 },
});

test('all changes together keep the size and the range, and depend on the seed alone', () => {
  fc.assert(
    fc.property(cases, ({ pixels, features, seed }) => {
      const { channels, mean, std } = features;
      const write = () => {
        const values = new Float32Array(pixels.length + 7).fill(99);
        createAugmenter(features, everything).write(pixels, 0, values, 3, randomFor(seed));
        return values;
      };
      const before = pixels.slice();
      const values = write();
      expect(write()).toEqual(values);
      expect(pixels).toEqual(before);
      const written = Array.from(values.subarray(3, -4), (value, index) => {
        const channel = index % channels;
        return (value * std[channel]! + mean[channel]!) * 255;
      });
      expect(written.every((value) => value > -0.01 && value < 255.01)).toBe(true);
      expect(values.filter((value) => value === 99).length).toBe(7);
    }),
    { numRuns: 50 },
  );
});

test.each([
  ['resizedCrop', { resizedCrop: { scale: [0.2, 0.5] } }],
  ['randAugment', { randAugment: {} }],
  ['colorJitter', { colorJitter: { brightness: 0.4 } }],
  ['erasing', { erasing: { probability: 0.3, scale: [0.2, 0.3] } }],
] as const)('%s alone changes images', (name, config) => {
  const colour: ImageFeatures = {
    ...{ kind: 'image', height: 8, width: 8, channels: 3 },
    ...{ mean: [0, 0, 0], std: [1, 1, 1] },
  };
  const random = randomFor(9);
  const pixels = Uint8Array.from({ length: 192 }, () => 1 + 250 * random());
  const parsed = augmentSchema.parse(config);
  expect(createAugmenter(colour, parsed).isRandom).toBe(true);
  const results = Array.from({ length: 300 }, (_, position) =>
    augment(pixels, colour, parsed, randomFor(1, position)),
  );
  const changed = results.filter((values) => String(values) !== String([...pixels]));
  const share = changed.length / results.length;
  if (name === 'erasing') expect(Math.abs(share - 0.3)).toBeLessThan(0.14);
  else expect(share).toBeGreaterThan(0.8);
});
