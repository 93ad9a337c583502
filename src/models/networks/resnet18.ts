import { imagenetPixels, pretrainedArchitecture } from './pretrained.ts';
import { basicBlock, residualNames, residualNetwork } from './residual.ts';

/** ResNet-18, as in torchvision and timm. */
export const resnet18 = pretrainedArchitecture({
  name: 'resnet18',
  description: 'ResNet-18, for photos of 64 to 512 pixels.',
  fields: {},
  topology: (_, problem, seed) =>
    residualNetwork('resnet18', basicBlock, [2, 2, 2, 2], problem, seed),
  namings: [residualNames],
  normalization: () => imagenetPixels,
});
