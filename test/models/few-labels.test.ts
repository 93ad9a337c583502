import { expect, test } from 'vitest';
import { forFewLabels } from '../../src/models/networks/few-labels.ts';

const network = { epochs: 30, batchSize: 128 };

test.each([
  [1, { epochs: 200, batchSize: 32 }],
  [60, { epochs: 200, batchSize: 32 }],
  [500, { epochs: 63, batchSize: 32 }],
  [1500, { epochs: 30, batchSize: 32 }],
  [5000, { epochs: 30, batchSize: 50 }],
  [1_000_000, network],
])(
  '%d labels are learned in about 1,000 steps, or in the epochs of the config',
  (labels, found) => {
    expect(forFewLabels(network, labels)).toEqual(found);
  },
);

test('settings that are smaller already stay', () => {
  expect(forFewLabels({ epochs: 500, batchSize: 8 }, 60)).toEqual({ epochs: 500, batchSize: 8 });
});
