import { randomFor } from '../../src/data/random.ts';
import type { Network } from '../../src/models/config.ts';
import type { Batch } from '../../src/train/batch-shape.ts';

const training = {
  epochs: 3,
  batchSize: 8,
  optimizer: 'adam',
  learningRate: 0.01,
  schedule: 'cosine',
  momentum: 0.9,
  weightDecay: 0.01,
  augment: { flip: false, crop: 0 },
} as const;

export const smallMlp = { architecture: 'mlp', width: 6, depth: 1, ...training } satisfies Network;
export const smallConvnet = {
  architecture: 'convnet',
  width: 2,
  depth: 2,
  ...training,
} satisfies Network;
export const smallResnet = {
  architecture: 'resnet',
  width: 2,
  depth: 8,
  ...training,
} satisfies Network;

/**
 * Random features around the centre of their class, [size, ...shape], and the class as a hard
 * target. The first half have a teacher margin.
 */
export function randomBatch(
  size: number,
  shape: readonly number[],
  classes: number,
  ...seed: number[]
): Batch {
  const random = randomFor(1, ...seed);
  const length = shape.reduce((product, side) => product * side, 1);
  const features = new Float32Array(size * length);
  const targets = new Float32Array(size * classes);
  const teacherMargins = new Float32Array(size).fill(Number.NaN);
  for (let i = 0; i < size; i++) {
    const label = Math.floor(random() * classes);
    targets[i * classes + label] = 1;
    for (let j = 0; j < length; j++) {
      features[i * length + j] = (j % classes === label ? 1 : 0) + random() - 0.5;
    }
    if (i < size / 2) teacherMargins[i] = random();
  }
  return { size, features, targets, teacherMargins, weights: new Float32Array(size).fill(1) };
}
