import { describe, expect, test } from 'vitest';
import { drawCrop, drawErased } from '../../../src/data/features/augment/boxes.ts';
import {
  adjustBrightness,
  adjustContrast,
  adjustHue,
  adjustSaturation,
} from '../../../src/data/features/augment/colors.ts';
import { maxMagnitude, randomOperations } from '../../../src/data/features/augment/rand-augment.ts';
import { enlarge } from '../../../src/data/features/image-augment.ts';
import type { Pixels } from '../../../src/data/features/image-resample.ts';
import { randomFor } from '../../../src/data/random.ts';
import { goldenAugment } from '../../golden/augment.ts';

const { images, operations, jitters, crops, draws } = goldenAugment;

function copyOf(name: keyof typeof images): Pixels {
  const { height, width, channels, pixels } = images[name];
  return { data: pixels.slice(), height, width, channels };
}

/** Expects the pixels to be those of torchvision, whose float32 can round to the next byte. */
function expectPixels({ data }: Pixels, expected: Uint8Array, share = 0.01): void {
  const differences = Array.from(data, (value, index) => Math.abs(value - expected[index]!));
  expect(Math.max(...differences)).toBeLessThanOrEqual(1);
  const different = differences.filter((difference) => difference > 0);
  expect(different.length).toBeLessThanOrEqual(data.length * share);
}

test.each(randomOperations)('$name is the operation of torchvision', (operation) => {
  const cases = operations.filter((one) => one.operation === operation.name);
  expect(cases.length).toBeGreaterThanOrEqual(10);
  for (const { image: name, magnitude, sign, amount, pixels } of cases) {
    const image = copyOf(name);
    const found = sign * (operation.amount?.(magnitude / maxMagnitude, image) ?? 0);
    expect(found).toBeCloseTo(amount, 4);
    expect(operation.isSigned || sign === 1).toBe(true);
    operation.apply(image, found, images[name].fill);
    // torchvision mixes a value of the border with itself, which can truncate to one less.
    expectPixels(image, pixels, operation.name === 'Sharpness' ? 0.2 : undefined);
  }
});

test('the operations of RandAugment are those of torchvision, in its order', () => {
  const names = new Set(operations.map(({ operation }) => operation));
  expect(randomOperations.map(({ name }) => name)).toEqual([...names]);
});

const adjustments = {
  brightness: adjustBrightness,
  contrast: adjustContrast,
  saturation: adjustSaturation,
  hue: adjustHue,
};

test.each(jitters)('$operation $amount of the $image image is that of torchvision', (one) => {
  const image = copyOf(one.image);
  adjustments[one.operation](image, one.amount);
  expectPixels(image, one.pixels);
});

test.each(crops)('the part $part of the $image image is enlarged as by Pillow', (one) => {
  expect(Buffer.from(enlarge(copyOf(one.image), one.part).data)).toEqual(Buffer.from(one.pixels));
});

describe.each(draws)('the $kind parts of $height × $width, $scale, $ratio', (one) => {
  const { kind, height, width, scale, ratio } = one;
  const draw = kind === 'crop' ? drawCrop : drawErased;
  const whole = { top: 0, left: 0, height, width };

  test('are distributed as in torchvision', () => {
    const random = randomFor(7);
    const count = 5_000;
    const boxes = Array.from({ length: count }, () => {
      const box = draw(height, width, { scale, ratio }, random) ?? whole;
      return [box.top, box.left, box.height, box.width] as const;
    });
    const isInside = ([top, left, rows, columns]: (typeof boxes)[number]) =>
      Math.min(top, left, rows - 1, columns - 1) >= 0 &&
      Math.max(top + rows - height, left + columns - width) <= 0;
    expect(boxes.every(isInside)).toBe(true);
    for (let side = 0; side < 4; side++) {
      const values = boxes.map((box) => box[side]!);
      const mean = values.reduce((sum, value) => sum + value, 0) / count;
      const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
      const deviation = one.deviation[side]!;
      // Five standard errors of the difference of 5,000 and 25,000 draws.
      const error = 5 * deviation * Math.sqrt(1 / count + 1 / 25_000);
      expect(Math.abs(mean - one.mean[side]!)).toBeLessThan(error);
      expect(Math.abs(Math.sqrt(squares) / deviation - 1)).toBeLessThan(0.06);
    }
  });
});

test('a part that never fits is the largest centred one; nothing is erased then', () => {
  const ranges = { scale: [0.9, 1], ratio: [8, 9] } as const;
  const random = randomFor(1);
  expect(drawCrop(20, 20, ranges, random)).toEqual({ top: 8, left: 0, height: 3, width: 20 });
  expect(drawCrop(20, 20, { ...ranges, ratio: [1 / 9, 1 / 8] }, random)).toEqual({
    ...{ top: 0, left: 8, height: 20, width: 3 },
  });
  expect(drawErased(20, 20, ranges, random)).toBeUndefined();
});
