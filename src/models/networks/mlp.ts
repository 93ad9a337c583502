import { z } from 'zod';
import { image } from '../../data/features/image.ts';
import { row } from '../../data/features/row.ts';
import { vector } from '../../data/features/vector.ts';
import { builtInArchitecture } from './architecture.ts';
import { LayerList } from './layers.ts';

/** [dense, relu] × depth, then the class scores. An image is flattened first. */
export const mlp = builtInArchitecture({
  name: 'mlp',
  description: 'Dense layers, for rows and vectors.',
  tasks: [image.task, row.task, vector.task],
  fields: {
    width: z.int().min(1).default(128).describe('Units of a hidden layer.'),
    depth: z.int().min(1).max(32).default(2).describe('Hidden layers.'),
  },
  topology({ width, depth }, { inputShape, classes }, seed) {
    const layers = new LayerList(inputShape, seed);
    let x = inputShape.length > 1 ? layers.flatten(layers.input) : layers.input;
    for (let layer = 1; layer <= depth; layer++) x = layers.dense(x, `dense${layer}`, width);
    return layers.model('mlp', layers.classScores(x, classes));
  },
});
