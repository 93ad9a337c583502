import { expect, test } from 'vitest';
import { batchSizeFor } from '../../src/models/batch-size.ts';

test.each([
  [[14], 256],
  [[28, 28, 1], 256],
  [[64, 64, 3], 256],
  [[96, 96, 3], 113],
  [[224, 224, 3], 20],
  [[4096, 4096, 3], 1],
])('of examples of %j, %i at once', (shape, expected) => {
  expect(batchSizeFor(shape)).toBe(expected);
});
