import { expect, test } from 'vitest';
import { sampleSize } from '../../src/distill/held-out-set.ts';

test.each([
  ['rows of a table', 100, 1000],
  ['photos', 2 ** 18, 128],
  ['images of 12 MB, of which two would often be none', 12e6, 32],
])('the sample of %s', (_, bytes, expected) => {
  expect(sampleSize(bytes)).toBe(expected);
});
