import { expect, test } from 'vitest';
import { threadCount } from '../../src/train/augment-threads.ts';

test.each([
  ['one core is left for the steps', 1e6, 4, 3],
  ['one thread at least', 1e6, 1, 1],
  ['eight threads at most', 1e6, 64, 8],
  ['large batches have fewer', 100e6, 16, 2],
  ['even a very large batch has one', 1e9, 16, 1],
])('%s', (_, batchBytes, cores, expected) => {
  expect(threadCount(batchBytes, cores)).toBe(expected);
});
