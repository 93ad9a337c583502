import type { NumberRows } from '../../src/data/features/kind.ts';
import { randomFor } from '../../src/data/random.ts';
import type { Problem } from '../../src/models/networks/architecture.ts';
import { architectureOf, type NetworkConfig } from '../../src/models/networks/index.ts';
import type { NetworkSize } from '../../src/models/size/network-size.ts';
import { asLayers } from '../../src/models/trainable.ts';
import type { tfTypes } from '../../src/tensorflow.ts';
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

export const smallMlp = {
  architecture: 'mlp',
  width: 6,
  depth: 1,
  ...training,
} satisfies NetworkConfig;
export const smallConvnet = {
  architecture: 'convnet',
  width: 2,
  depth: 2,
  ...training,
} satisfies NetworkConfig;
export const smallResnet = {
  architecture: 'resnet',
  width: 2,
  depth: 8,
  ...training,
} satisfies NetworkConfig;

type OwnNetwork = Extract<NetworkConfig, { architecture: 'layers-model' }>;

/** A network in a user's file. Default: its weights are kept, and none is frozen. */
export function ownNetwork(topology: string, more: Partial<OwnNetwork> = {}): OwnNetwork {
  return {
    ...{ architecture: 'layers-model', topology, weights: 'keep', freeze: [], pretrainedRate: 1 },
    ...training,
    ...more,
  };
}

/** A problem whose dataset has no files. */
function problemOf(inputShape: readonly number[], classes: number): Problem {
  const readFile = async (key: string) => Promise.reject(new Error(`there is no ${key}`));
  return { inputShape, classes, readFile };
}

/** Builds an untrained network. */
export async function buildNetwork(
  network: NetworkConfig,
  inputShape: readonly number[],
  classes: number,
  seed: number,
): Promise<tfTypes.LayersModel> {
  return asLayers(
    await architectureOf(network).build(network, problemOf(inputShape, classes), seed),
  );
}

const sizes = new Map<string, NetworkSize>();

/** Computes the size of a network whose topology is built in, once per network and problem. */
export function networkSize(
  network: NetworkConfig,
  inputShape: readonly number[],
  classes: number,
): NetworkSize {
  const key = JSON.stringify([network, inputShape, classes]);
  const known = sizes.get(key);
  if (known) return known;
  const size = architectureOf(network).size(network, problemOf(inputShape, classes));
  if (size instanceof Promise) throw new Error('the topology is in a file');
  sizes.set(key, size);
  return size;
}

/**
 * Random features around the centre of their class, [size, ...shape], and the class as a hard
 * target. The first half have a teacher margin.
 */
export function randomBatch(
  size: number,
  shape: readonly number[],
  classes: number,
  ...seed: number[]
): Batch & { readonly rows: NumberRows } {
  const random = randomFor(1, ...seed);
  const length = shape.reduce((product, side) => product * side, 1);
  const values = new Float32Array(size * length);
  const targets = new Float32Array(size * classes);
  const teacherMargins = new Float32Array(size).fill(Number.NaN);
  for (let i = 0; i < size; i++) {
    const label = Math.floor(random() * classes);
    targets[i * classes + label] = 1;
    for (let j = 0; j < length; j++) {
      values[i * length + j] = (j % classes === label ? 1 : 0) + random() - 0.5;
    }
    if (i < size / 2) teacherMargins[i] = random();
  }
  const weights = new Float32Array(size).fill(1);
  return { size, rows: { n: size, values }, targets, teacherMargins, weights };
}
