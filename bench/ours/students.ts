/** Networks that all trainers train. */
import type { z } from 'zod';
import type { Architecture } from '../../src/models/networks/architecture.ts';
import { efficientnetLite0 } from '../../src/models/networks/efficientnet-lite0.ts';
import { mlp } from '../../src/models/networks/mlp.ts';
import { resnet } from '../../src/models/networks/resnet.ts';
import { tf, type tfTypes } from '../../src/tensorflow.ts';

export interface BenchStudent {
  readonly data: 'images' | 'photos' | 'rows';
  readonly batchSize: number;
  /** Builds a network that outputs logits. */
  build(shape: readonly number[], classes: number): Promise<tfTypes.LayersModel>;
}

export const students: Readonly<Record<string, BenchStudent>> = {
  convnet: { data: 'images', batchSize: 128, build: convnet },
  resnet20: {
    data: 'images',
    batchSize: 128,
    build: builder(resnet, { width: 16, depth: 20 }),
  },
  'efficientnet-lite0': {
    data: 'photos',
    batchSize: 32,
    build: builder(efficientnetLite0, {
      ...{ variant: 'efficientnet_lite0', weights: 'random', freeze: [], pretrainedRate: 1 },
    }),
  },
  mlp: {
    data: 'rows',
    batchSize: 256,
    build: builder(mlp, { width: 128, depth: 2 }),
  },
};

type Built<Config> = Architecture<Config, string, z.ZodType, tfTypes.LayersModel>;

function builder<Config>({ build }: Pick<Built<Config>, 'build'>, config: Config) {
  const readFile = () => Promise.reject(new Error('these networks need no file'));
  return (inputShape: readonly number[], classes: number) =>
    build(config, { inputShape, classes, readFile }, 1);
}

/** Another network than our convnet: the second convolution takes almost all of its time. */
async function convnet(shape: readonly number[], classes: number): Promise<tfTypes.LayersModel> {
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
