/**
 * Networks of inverted residuals with linear bottlenecks (Sandler et al. 2018, "MobileNetV2"): each
 * block widens its input by 1×1 convolutions, convolves each channel alone, and narrows it again.
 */
import type { Topology } from '../topology.ts';
import type { Problem } from './architecture.ts';
import { positionOf } from './layer-position.ts';
import { LayerList, type Padding } from './layers.ts';
import type { Naming } from './torch-weights.ts';

/** Blocks of one width. */
export interface BlockStage {
  readonly blocks: number;
  /** Filters of the output. */
  readonly filters: number;
  /** Factor from the channels of the input to those of the middle; 1: not widened. */
  readonly widen: number;
  readonly kernelSize: number;
  /** Strides of the first block. */
  readonly strides: number;
}

/** Settings in which implementations differ. */
export interface BlockSettings {
  readonly padding: Padding;
  /** Added to the variance in batch norm. */
  readonly epsilon: number;
}

/** Filters of the first convolution, and of the last. */
const [stemFilters, headFilters] = [32, 1280];

/** Share of the numbers that the last layer does not see while training, as in both papers. */
const dropoutRate = 0.2;

/**
 * Describes a network: a convolution, stages of blocks, a 1×1 convolution, global average pooling,
 * dropout and the class scores.
 *
 * @example
 * const stage = { blocks: 2, filters: 24, widen: 6, kernelSize: 3, strides: 2 };
 * const variant = { padding: 'symmetric', epsilon: 1e-5 };
 * invertedResiduals('small', [stage], variant, { inputShape: [64, 64, 3], classes: 2 }, 1);
 */
export function invertedResiduals(
  name: string,
  stages: readonly BlockStage[],
  { padding, epsilon }: BlockSettings,
  { inputShape, classes }: Pick<Problem, 'inputShape' | 'classes'>,
  seed: number,
): Topology {
  const layers = new LayerList(inputShape, seed);
  /** Adds batch norm and, unless the layer is linear, relu6. */
  const normalized = (x: string, layer: string, isLinear = false) => {
    const normal = layers.batchNorm(x, `${layer}_norm`, epsilon);
    return isLinear ? normal : layers.relu6(normal, `${layer}_relu`);
  };
  const stem = { filters: stemFilters, strides: 2, padding };
  let x = normalized(layers.convolution(layers.input, 'stem', stem), 'stem');
  let channels = stemFilters;
  for (const [index, { blocks, filters, widen, kernelSize, ...stage }] of stages.entries()) {
    for (let block = 1; block <= blocks; block++) {
      const position = `stage${index + 1}_block${block}`;
      const strides = block === 1 ? stage.strides : 1;
      const input = x;
      if (widen > 1) {
        const expanded = { filters: channels * widen, kernelSize: 1 };
        x = normalized(layers.convolution(x, `${position}_expand`, expanded), `${position}_expand`);
      }
      const depthwise = `${position}_depthwise`;
      x = normalized(layers.depthwise(x, depthwise, { kernelSize, strides, padding }), depthwise);
      const project = `${position}_project`;
      x = normalized(layers.convolution(x, project, { filters, kernelSize: 1 }), project, true);
      if (strides === 1 && channels === filters) x = layers.sum(x, input, `${position}_add`);
      channels = filters;
    }
  }
  x = normalized(layers.convolution(x, 'head', { filters: headFilters, kernelSize: 1 }), 'head');
  x = layers.dropout(layers.globalAveragePool(x, 'pool'), 'dropout', dropoutRate);
  return layers.model(name, layers.classScores(x, classes));
}

/** timm's modules of layers outside of the blocks. */
const timmEnds: Readonly<Record<string, string>> = {
  stem: 'conv_stem',
  stem_norm: 'bn1',
  head: 'conv_head',
  head_norm: 'bn2',
  classes: 'classifier',
};

/** timm's modules within a block that widens, and within another block. */
const timmParts: Readonly<Record<string, string>> = {
  expand: 'conv_pw',
  expand_norm: 'bn1',
  depthwise: 'conv_dw',
  depthwise_norm: 'bn2',
  project: 'conv_pwl',
  project_norm: 'bn3',
};
const timmPlainParts: Readonly<Record<string, string>> = {
  depthwise: 'conv_dw',
  depthwise_norm: 'bn1',
  project: 'conv_pw',
  project_norm: 'bn2',
};

/** Returns the names of timm. */
export function timmNames(stages: readonly BlockStage[]): Naming {
  return {
    source: 'timm',
    moduleOf(layer) {
      const position = positionOf(layer);
      if (!position) return timmEnds[layer]!;
      const parts = stages[position.stage - 1]!.widen > 1 ? timmParts : timmPlainParts;
      return `blocks.${position.stage - 1}.${position.block - 1}.${parts[position.part]}`;
    },
  };
}

/** Returns the number of blocks before a block of a stage, both counted from 1. */
export function blocksBefore(stages: readonly BlockStage[], stage: number, block: number): number {
  return stages.slice(0, stage - 1).reduce((count, { blocks }) => count + blocks, block - 1);
}
