import { imagenetPixels, pretrainedArchitecture } from './pretrained.ts';
import { bottleneck, residualNames, residualNetwork } from './residual.ts';

/** ResNet-50, as in torchvision and timm. */
export const resnet50 = pretrainedArchitecture({
  name: 'resnet50',
  description: 'ResNet-50, for photos of 64 to 512 pixels.',
  fields: {},
  topology: (_, problem, seed) =>
    residualNetwork('resnet50', bottleneck, [3, 4, 6, 3], problem, seed),
  namings: [residualNames],
  normalization: () => imagenetPixels,
});
