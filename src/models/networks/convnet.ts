import { z } from 'zod';
import { image } from '../../data/features/image.ts';
import { builtInArchitecture } from './architecture.ts';
import { LayerList } from './layers.ts';

/**
 * [3×3 convolution, max pool 2, batch norm, relu] × depth, then the class scores. Filters double at
 * each next convolution.
 *
 * Pooling comes before batch norm and relu, which then work on a quarter of the numbers. The result
 * is the same for relu, since it never changes which of four numbers is the largest.
 */
export const convnet = builtInArchitecture({
  name: 'convnet',
  description: 'Convolutions, each followed by pooling.',
  fields: {
    width: z
      .int()
      .min(1)
      .default(32)
      .describe('Filters of the first convolution; doubled at each next one.'),
    depth: z.int().min(1).max(8).default(2).describe('Convolutions.'),
  },
  tasks: [image.task],
  topology({ width, depth }, { inputShape, classes }, seed) {
    const layers = new LayerList(inputShape, seed);
    let x = layers.input;
    for (let block = 1; block <= depth; block++) {
      x = layers.convolution(x, `conv${block}`, { filters: width * 2 ** (block - 1) });
      x = layers.maxPool(x, `pool${block}`);
      x = layers.relu(layers.batchNorm(x, `norm${block}`), `relu${block}`);
    }
    return layers.model('convnet', layers.classScores(layers.flatten(x), classes));
  },
});
