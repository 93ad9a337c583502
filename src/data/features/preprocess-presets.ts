/** Usual preprocessing of published models, by the library that trained them. */
import { tableOf } from '../../table.ts';

const crop = 'shortest-side-then-center-crop';
const clip = {
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
};
const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** The rows have the fields of the config section `preprocess`. */
export const preprocessPresets = tableOf(
  {
    name: 'imagenet',
    description: 'torchvision: the short side to 256, the middle 224 x 224, bilinear',
    resize: { fit: crop, size: 256, filter: 'bilinear' },
    crop: 224,
    scale: '0..1',
    ...imagenet,
  },
  {
    name: 'imagenet-timm',
    description: 'timm: as imagenet, bicubic',
    resize: { fit: crop, size: 256, filter: 'bicubic' },
    crop: 224,
    scale: '0..1',
    ...imagenet,
  },
  {
    name: 'keras-mobilenet',
    description: 'Keras MobileNet, ResNetV2, Inception, Xception: stretched, -1 to 1',
    resize: { fit: 'stretch', size: 224, filter: 'bilinear-no-antialias' },
    scale: '-1..1',
  },
  {
    name: 'keras-efficientnet',
    description: 'Keras models that rescale inside, such as EfficientNet: stretched, 0 to 255',
    resize: { fit: 'stretch', size: 224, filter: 'bilinear-no-antialias' },
    scale: '0..255',
  },
  {
    name: 'clip',
    description: 'CLIP: the short side to 224, the middle 224 x 224, bicubic',
    resize: { fit: crop, size: 224, filter: 'bicubic' },
    crop: 224,
    scale: '0..1',
    ...clip,
  },
  {
    name: 'tf-hub',
    description: 'TensorFlow Hub: stretched, 0 to 1',
    resize: { fit: 'stretch', size: 224, filter: 'bilinear-no-antialias' },
    scale: '0..1',
  },
);
