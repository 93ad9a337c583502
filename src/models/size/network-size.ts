import { product, sum } from '../../arrays.ts';

/** Work of a network, as the estimate of a run needs it. */
export interface NetworkSize {
  /** Multiplications, each with an addition, per example and forward pass. */
  readonly macs: number;
  /** Number of layers with a kernel. */
  readonly kernels: number;
  /** Number of trained weights. */
  readonly parameters: number;
  /** Numbers that all layers output per example; training keeps them in memory. */
  readonly outputs: number;
}

/** The size of a teacher that is not a network. */
export const noWork: NetworkSize = { macs: 0, kernels: 0, parameters: 0, outputs: 0 };

/**
 * Assumed average uses of each weight of a convolutional network on an image of 224 × 224 pixels.
 * Multiplied by the number of weights it gives the multiplications: 160 for ResNet-50, 200 for
 * ViT-B/16, 75 for EfficientNet-B0.
 */
const weightUses = 150;
const weightUsesPixels = 224 * 224;
/** Assumed average tokens of a text; each uses the weights once. */
const tokensPerText = 100;

/**
 * Estimates the work of a model from the size of its files: four bytes per weight. A network for
 * images uses each weight many times, as does one for texts, a network for rows and vectors once.
 * The outputs of its layers are unknown, and not counted: it is not trained.
 * @param shape Shape of one example, without the batch.
 */
export function sizeOfFile(bytes: number, shape: readonly number[]): NetworkSize {
  const parameters = bytes / 4;
  return { macs: parameters * usesOf(shape), kernels: 1, parameters, outputs: 0 };
}

function usesOf(shape: readonly number[]): number {
  if (shape.length === 0) return tokensPerText;
  const pixels = product(shape.slice(0, 2));
  return shape.length === 3 ? weightUses * Math.max(1, pixels / weightUsesPixels) : 1;
}

/** Adds up the sizes of layers. */
export function totalSize(layers: readonly NetworkSize[]): NetworkSize {
  return {
    macs: sum(layers.map(({ macs }) => macs)),
    kernels: sum(layers.map(({ kernels }) => kernels)),
    parameters: sum(layers.map(({ parameters }) => parameters)),
    outputs: sum(layers.map(({ outputs }) => outputs)),
  };
}
