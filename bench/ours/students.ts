/** The networks that all trainers train, and on what. */
import { mlp } from '../../src/models/networks/mlp.ts';
import { resnet } from '../../src/models/networks/resnet.ts';
import { tf, type tfTypes } from '../../src/tensorflow.ts';

export interface BenchStudent {
  readonly data: 'images' | 'rows';
  readonly batchSize: number;
  /** A network that gives logits. */
  build(shape: readonly number[], classes: number): tfTypes.LayersModel;
}

export const students: Readonly<Record<string, BenchStudent>> = {
  convnet: { data: 'images', batchSize: 128, build: convnet },
  resnet20: {
    data: 'images',
    batchSize: 128,
    build: (shape, classes) => resnet({ width: 16, depth: 20 }, shape, classes, 1),
  },
  mlp: {
    data: 'rows',
    batchSize: 256,
    build: (shape, classes) => mlp({ width: 128, depth: 2 }, shape, classes, 1),
  },
};

/** Not our own convnet, but one that spends almost all of its time in the second convolution. */
function convnet(shape: readonly number[], classes: number): tfTypes.LayersModel {
  const convolution = { kernelSize: 3, padding: 'same', activation: 'relu' } as const;
  const { layers } = tf;
  return tf.sequential({
    layers: [
      layers.conv2d({ ...convolution, filters: 32, inputShape: [...shape] }),
      layers.batchNormalization(),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.conv2d({ ...convolution, filters: 64 }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.flatten(),
      layers.dense({ units: classes }),
    ],
  });
}
