import { expect, test } from 'vitest';
import { networkSchema } from '../../src/models/networks/index.ts';
import { forFewLabels, withTeacherLength } from '../../src/models/networks/training-length.ts';

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

const mlp = networkSchema.parse({ architecture: 'mlp' });

test.each([
  [0, { epochs: 400, batchSize: 32 }],
  [16, { epochs: 400, batchSize: 32 }],
  [80, { epochs: 134, batchSize: 32 }],
  [320, { epochs: 40, batchSize: 32 }],
  [1000, { epochs: 30, batchSize: 32 }],
  [1664, { epochs: 30, batchSize: 32 }],
  [1665, network],
  [1_000_000, network],
])('a teacher learns %d labels in 400 steps or more', (labels, length) => {
  expect(withTeacherLength(mlp, labels)).toMatchObject(length);
});

test.each([
  [{ architecture: 'resnet18', weights: 'resnet18.safetensors' }, network],
  [{ encoder: 'encoder', head: 'linear' }, network],
])('pretrained weights and a linear head keep the usual length: %j', (fields, length) => {
  expect(withTeacherLength(networkSchema.parse(fields), 16)).toMatchObject(length);
});

test.each([
  [{ epochs: 30 }, { epochs: 30, batchSize: 32 }],
  [{ batchSize: 16 }, { epochs: 400, batchSize: 16 }],
  [
    { epochs: 7, batchSize: 8 },
    { epochs: 7, batchSize: 8 },
  ],
])('a teacher has the length that the config sets: %j', (fields, length) => {
  const given = networkSchema.parse({ architecture: 'mlp', ...fields });
  expect(withTeacherLength(given, 16)).toMatchObject(length);
});
