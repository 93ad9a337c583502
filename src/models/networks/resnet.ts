import { z } from 'zod';
import { image } from '../../data/features/image.ts';
import { builtInArchitecture } from './architecture.ts';
import { LayerList } from './layers.ts';

/**
 * The residual network for small images of He et al. 2015, "Deep residual learning for image
 * recognition", section 4.2. It has a convolution, three stages of n blocks with width, 2·width and
 * 4·width filters, global average pooling and the class scores. These are 6n + 2 layers.
 *
 * One difference: if the size changes, the shortcut is a 1×1 convolution (their option B). A
 * LayersModel has no layer that pads channels with zeros (option A).
 */
export const resnet = builtInArchitecture({
  name: 'resnet',
  description: 'For small images (He et al. 2015, section 4.2).',
  fields: {
    width: z.int().min(1).default(16).describe('Filters of the first of the three stages.'),
    depth: z
      .int()
      .refine((depth) => depth >= 8 && (depth - 2) % 6 === 0, 'expected 6n + 2: 8, 14, 20, 32 …')
      .default(20)
      .describe('Layers: 6n + 2.'),
  },
  tasks: [image.task],
  topology({ width, depth }, { inputShape, classes }, seed) {
    const layers = new LayerList(inputShape, seed);
    let x = layers.convolution(layers.input, 'conv', { filters: width });
    x = layers.relu(layers.batchNorm(x, 'norm'), 'relu');
    for (let stage = 1; stage <= 3; stage++) {
      for (let number = 1; number <= (depth - 2) / 6; number++) {
        const strides = stage > 1 && number === 1 ? 2 : 1;
        x = addBlock(layers, x, `stage${stage}_block${number}`, width * 2 ** (stage - 1), strides);
      }
    }
    x = layers.globalAveragePool(x, 'pool');
    return layers.model('resnet', layers.classScores(x, classes));
  },
});

/** Adds two convolutions, and a shortcut past them. */
function addBlock(layers: LayerList, x: string, name: string, filters: number, strides: number) {
  let y = layers.convolution(x, `${name}_conv1`, { filters, strides });
  y = layers.relu(layers.batchNorm(y, `${name}_norm1`), `${name}_relu1`);
  y = layers.batchNorm(layers.convolution(y, `${name}_conv2`, { filters }), `${name}_norm2`);
  let shortcut = x;
  if (strides > 1) {
    shortcut = layers.convolution(x, `${name}_shortcut`, { filters, strides, kernelSize: 1 });
    shortcut = layers.batchNorm(shortcut, `${name}_shortcut_norm`);
  }
  return layers.relu(layers.sum(y, shortcut, `${name}_add`), `${name}_relu2`);
}
