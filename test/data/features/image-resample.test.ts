import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Pixels, resample, resizeFilters } from '../../../src/data/features/image-resample.ts';

const edge = fc.integer({ min: 1, max: 24 });

/** An image and the size that it is resized to. */
const resizes = fc
  .record({
    height: edge,
    width: edge,
    channels: fc.constantFrom<1 | 3>(1, 3),
    toHeight: edge,
    toWidth: edge,
    filter: fc.constantFrom(...resizeFilters),
  })
  .chain((sizes) => {
    const length = sizes.height * sizes.width * sizes.channels;
    return fc
      .uint8Array({ minLength: length, maxLength: length })
      .map((data) => ({ ...sizes, data: Uint8Array.from(data) }));
  });

function whole(height: number, width: number) {
  return { height, width, window: { top: 0, left: 0, height, width } };
}

test('a window has the pixels that the whole result has there', () => {
  const windows = fc.record({ top: edge, left: edge, height: edge, width: edge });
  const check = fc.property(resizes, windows, ({ filter, toHeight, toWidth, ...image }, drawn) => {
    const all = resample(image, { filter, ...whole(toHeight, toWidth) });
    const top = drawn.top % toHeight;
    const left = drawn.left % toWidth;
    const height = Math.min(drawn.height, toHeight - top);
    const width = Math.min(drawn.width, toWidth - left);
    const window = { top, left, height, width };
    const part = resample(image, { filter, height: toHeight, width: toWidth, window });
    expect(part).toEqual(cut(all, window));
  });
  fc.assert(check, { numRuns: 200 });
});

function cut({ data, width, channels }: Pixels, window: ReturnType<typeof whole>['window']) {
  const rows = Array.from({ length: window.height }, (_, row) => {
    const start = ((window.top + row) * width + window.left) * channels;
    return [...data.subarray(start, start + window.width * channels)];
  });
  const { height, width: columns } = window;
  return { data: Uint8Array.from(rows.flat()), height, width: columns, channels };
}

test('the same size changes no pixel, and one colour stays one colour', () => {
  const check = fc.property(resizes, ({ filter, toHeight, toWidth, ...image }) => {
    const { height, width } = image;
    expect(resample(image, { filter, ...whole(height, width) })).toEqual(image);
    const plain = { ...image, data: image.data.fill(77) };
    const { data } = resample(plain, { filter, ...whole(toHeight, toWidth) });
    expect(data).toEqual(new Uint8Array(toHeight * toWidth * image.channels).fill(77));
  });
  fc.assert(check, { numRuns: 100 });
});
