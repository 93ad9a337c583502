import { expect, test } from 'vitest';
import { augment } from '../../src/data/augment.ts';
import type { Features } from '../../src/data/features.ts';
import { randomFor } from '../../src/data/random.ts';

const features: Features = {
  kind: 'image',
  height: 2,
  width: 3,
  channels: 1,
  mean: [0.2],
  std: [1],
};
const image = Uint8Array.of(1, 2, 3, 4, 5, 6);

/** Draws these numbers. */
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
  expect(Array.from(augment(image, features, config, drawing(...numbers)))).toEqual(expected);
  expect(Array.from(image)).toEqual([1, 2, 3, 4, 5, 6]);
});

test('channels stay together', () => {
  const colour: Features = {
    ...features,
    width: 2,
    height: 1,
    channels: 3,
    mean: [0, 0, 0],
    std: [1, 1, 1],
  };
  const pixels = Uint8Array.of(1, 2, 3, 4, 5, 6);
  expect(Array.from(augment(pixels, colour, { flip: true, crop: 0 }, () => 0))).toEqual([
    4, 5, 6, 1, 2, 3,
  ]);
});

test('all shifts are equally likely', () => {
  const counts = new Map<string, number>();
  for (let position = 0; position < 9_000; position++) {
    const moved = augment(image, features, { flip: false, crop: 1 }, randomFor(1, 1, position));
    counts.set(String(moved), (counts.get(String(moved)) ?? 0) + 1);
  }
  expect(counts.size).toBe(9);
  // Five standard deviations.
  for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(149);
});

test('rows and vectors stay as they are', () => {
  const values = Float32Array.of(1, 2);
  expect(augment(values, { kind: 'vector', length: 2 }, { flip: true, crop: 4 }, () => 0)).toBe(
    values,
  );
});
