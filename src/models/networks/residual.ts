/** The residual networks for photos of He et al. 2015, "Deep residual learning". */
import type { Topology } from '../topology.ts';
import type { Problem } from './architecture.ts';
import { positionOf } from './layer-position.ts';
import { LayerList } from './layers.ts';
import type { Naming } from './torch-weights.ts';

/** Added to the variance in batch norm. */
const epsilon = 1e-5;

/** A block: the layers of one path, and how many times more filters its output has. */
export interface Block {
  readonly convolutions: readonly { readonly kernelSize: number; readonly widen: number }[];
  /** Index of the convolution that halves the image. */
  readonly strided: number;
}

/** Two convolutions, for the networks of 18 and 34 layers. */
export const basicBlock: Block = {
  convolutions: [
    { kernelSize: 3, widen: 1 },
    { kernelSize: 3, widen: 1 },
  ],
  strided: 0,
};

/**
 * Three convolutions, for the deeper networks. The middle one halves the image, as in torchvision;
 * in the paper the first one does.
 */
export const bottleneck: Block = {
  convolutions: [
    { kernelSize: 1, widen: 1 },
    { kernelSize: 3, widen: 1 },
    { kernelSize: 1, widen: 4 },
  ],
  strided: 1,
};

/**
 * Describes a network of table 1: a convolution and a max pool, four stages of blocks with 64, 128,
 * 256 and 512 filters, global average pooling and the class scores.
 *
 * @param blocks Number of blocks of each stage.
 * @example
 * const problem = { inputShape: [224, 224, 3], classes: 10 };
 * residualNetwork('resnet18', basicBlock, [2, 2, 2, 2], problem, 1);
 */
export function residualNetwork(
  name: string,
  block: Block,
  blocks: readonly number[],
  { inputShape, classes }: Pick<Problem, 'inputShape' | 'classes'>,
  seed: number,
): Topology {
  const layers = new LayerList(inputShape, seed);
  const stem = { filters: 64, kernelSize: 7, strides: 2, padding: 'symmetric' } as const;
  let x = layers.convolution(layers.input, 'stem_conv', stem);
  x = layers.relu(layers.batchNorm(x, 'stem_norm', epsilon), 'stem_relu');
  x = layers.overlappingMaxPool(x, 'stem_pool', { strides: 2, padding: 'symmetric' });
  for (const [index, count] of blocks.entries()) {
    const filters = 64 * 2 ** index;
    for (let number = 1; number <= count; number++) {
      const position = `stage${index + 1}_block${number}`;
      x = addBlock(layers, x, position, block, {
        filters,
        strides: index > 0 && number === 1 ? 2 : 1,
      });
    }
  }
  return layers.model(name, layers.classScores(layers.globalAveragePool(x, 'pool'), classes));
}

function addBlock(
  layers: LayerList,
  x: string,
  name: string,
  { convolutions, strided }: Block,
  { filters, strides }: { readonly filters: number; readonly strides: number },
): string {
  let y = x;
  for (const [index, { kernelSize, widen }] of convolutions.entries()) {
    y = layers.convolution(y, `${name}_conv${index + 1}`, {
      filters: filters * widen,
      kernelSize,
      strides: index === strided ? strides : 1,
      padding: 'symmetric',
    });
    y = layers.batchNorm(y, `${name}_norm${index + 1}`, epsilon);
    if (index < convolutions.length - 1) y = layers.relu(y, `${name}_relu${index + 1}`);
  }
  const { widen } = convolutions.at(-1)!;
  const isFirst = name.endsWith('_block1');
  let shortcut = x;
  if (isFirst && (strides > 1 || widen > 1)) {
    const window = { filters: filters * widen, kernelSize: 1, strides };
    shortcut = layers.convolution(x, `${name}_shortcut`, window);
    shortcut = layers.batchNorm(shortcut, `${name}_shortcut_norm`, epsilon);
  }
  const sum = layers.sum(y, shortcut, `${name}_add`);
  return layers.relu(sum, `${name}_relu${convolutions.length}`);
}

/** Modules of layers outside of the blocks. */
const ends: Readonly<Record<string, string>> = {
  stem_conv: 'conv1',
  stem_norm: 'bn1',
  classes: 'fc',
};

/** Names of timm and of torchvision, which are the same. */
export const residualNames: Naming = {
  source: 'timm and torchvision',
  moduleOf(layer) {
    const position = positionOf(layer);
    if (!position) return ends[layer]!;
    const { stage, block, part } = position;
    const module = part
      .replace('shortcut_norm', 'downsample.1')
      .replace('shortcut', 'downsample.0')
      .replace('norm', 'bn');
    return `layer${stage}.${block - 1}.${module}`;
  },
};
