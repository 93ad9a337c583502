import {
  type BlockStage,
  blocksBefore,
  invertedResiduals,
  timmNames,
} from './inverted-residuals.ts';
import { positionOf } from './layer-position.ts';
import { imagenetPixels, pretrainedArchitecture } from './pretrained.ts';
import type { Naming } from './torch-weights.ts';

/** Table 2 of Sandler et al. 2018. */
const stages: readonly BlockStage[] = [
  { widen: 1, filters: 16, blocks: 1, strides: 1, kernelSize: 3 },
  { widen: 6, filters: 24, blocks: 2, strides: 2, kernelSize: 3 },
  { widen: 6, filters: 32, blocks: 3, strides: 2, kernelSize: 3 },
  { widen: 6, filters: 64, blocks: 4, strides: 2, kernelSize: 3 },
  { widen: 6, filters: 96, blocks: 3, strides: 1, kernelSize: 3 },
  { widen: 6, filters: 160, blocks: 3, strides: 2, kernelSize: 3 },
  { widen: 6, filters: 320, blocks: 1, strides: 1, kernelSize: 3 },
];

/** Modules of layers outside of the blocks. */
const ends: Readonly<Record<string, string>> = {
  stem: 'features.0.0',
  stem_norm: 'features.0.1',
  head: 'features.18.0',
  head_norm: 'features.18.1',
  classes: 'classifier.1',
};

/** Indexes within a block that widens, and within the first, which does not. */
const parts: Readonly<Record<string, string>> = {
  expand: '0.0',
  expand_norm: '0.1',
  depthwise: '1.0',
  depthwise_norm: '1.1',
  project: '2',
  project_norm: '3',
};
const plainParts: Readonly<Record<string, string>> = {
  depthwise: '0.0',
  depthwise_norm: '0.1',
  project: '1',
  project_norm: '2',
};

const torchvisionNames: Naming = {
  source: 'torchvision',
  moduleOf(layer) {
    const position = positionOf(layer);
    if (!position) return ends[layer]!;
    const { stage, block, part } = position;
    const index = 1 + blocksBefore(stages, stage, block);
    return `features.${index}.conv.${(stage === 1 ? plainParts : parts)[part]}`;
  },
};

/** MobileNetV2 of width 1, as torchvision's mobilenet_v2 and timm's mobilenetv2_100. */
export const mobilenetv2 = pretrainedArchitecture({
  name: 'mobilenetv2',
  description: 'MobileNetV2, for photos of 64 to 512 pixels.',
  fields: {},
  topology: (_, problem, seed) =>
    invertedResiduals(
      'mobilenetv2',
      stages,
      { padding: 'symmetric', epsilon: 1e-5 },
      problem,
      seed,
    ),
  namings: [timmNames(stages), torchvisionNames],
  normalization: () => imagenetPixels,
});
