/** How much work a network is, from its config alone: nothing is built. */
import { product } from '../../arrays.ts';
import type { Network } from '../config.ts';

export interface NetworkSize {
  /** Multiplications, each with an addition, for one example forward. */
  readonly macs: number;
  /** Layers with a kernel. */
  readonly kernels: number;
  /** Weights that are trained. */
  readonly parameters: number;
}

/** A network that we build, other than the user's own topology (`topology-size.ts`). */
export type BuiltNetwork = Exclude<Network, { architecture: 'layers-model' }>;

/** @param inputShape of one example; [height, width, channels] for a convnet or a resnet. */
export function networkSize(
  network: BuiltNetwork,
  inputShape: readonly number[],
  classes: number,
): NetworkSize {
  switch (network.architecture) {
    case 'mlp':
      return mlpSize(network, inputShape, classes);
    case 'convnet':
      return convnetSize(network, inputShape, classes);
    case 'resnet':
      return resnetSize(network, inputShape, classes);
  }
}

type Shape = { readonly width: number; readonly depth: number };

function mlpSize({ width, depth }: Shape, inputShape: readonly number[], classes: number) {
  let inputs = product(inputShape);
  const layers: NetworkSize[] = [];
  for (let layer = 0; layer < depth; layer++) {
    layers.push(dense(inputs, width));
    inputs = width;
  }
  return total([...layers, dense(inputs, classes)]);
}

function convnetSize({ width, depth }: Shape, inputShape: readonly number[], classes: number) {
  let [rows = 1, columns = 1, channels = 1] = inputShape;
  const layers: NetworkSize[] = [];
  for (let block = 0; block < depth; block++) {
    const filters = width * 2 ** block;
    layers.push(convolution(rows * columns, 3, channels, filters));
    [rows, columns, channels] = [Math.ceil(rows / 2), Math.ceil(columns / 2), filters];
  }
  return total([...layers, dense(rows * columns * channels, classes)]);
}

function resnetSize({ width, depth }: Shape, inputShape: readonly number[], classes: number) {
  let [rows = 1, columns = 1, channels = 1] = inputShape;
  const layers = [convolution(rows * columns, 3, channels, width)];
  channels = width;
  for (let stage = 0; stage < 3; stage++) {
    const filters = width * 2 ** stage;
    for (let place = 0; place < (depth - 2) / 6; place++) {
      const shrinks = stage > 0 && place === 0;
      if (shrinks) [rows, columns] = [Math.ceil(rows / 2), Math.ceil(columns / 2)];
      layers.push(convolution(rows * columns, 3, channels, filters));
      layers.push(convolution(rows * columns, 3, filters, filters));
      if (shrinks) layers.push(convolution(rows * columns, 1, channels, filters));
      channels = filters;
    }
  }
  return total([...layers, dense(channels, classes)]);
}

/** Without a bias; batch norm, which follows, has two weights a filter. */
function convolution(places: number, size: number, channels: number, filters: number): NetworkSize {
  const kernel = size * size * channels * filters;
  return { macs: places * kernel, kernels: 1, parameters: kernel + 2 * filters };
}

function dense(inputs: number, units: number): NetworkSize {
  return { macs: inputs * units, kernels: 1, parameters: inputs * units + units };
}

export function total(layers: readonly NetworkSize[]): NetworkSize {
  const sum = (figure: (layer: NetworkSize) => number) =>
    layers.reduce((all, layer) => all + figure(layer), 0);
  return {
    macs: sum(({ macs }) => macs),
    kernels: sum(({ kernels }) => kernels),
    parameters: sum(({ parameters }) => parameters),
  };
}
