import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { product } from '../../../src/arrays.ts';
import { networkSchema } from '../../../src/models/networks/index.ts';
import { sizeOfFile } from '../../../src/models/size/network-size.ts';
import { topologySize } from '../../../src/models/size/topology-size.ts';
import { topologyOf } from '../../../src/models/topology.ts';
import { tf, type tfTypes } from '../../../src/tensorflow.ts';
import {
  buildNetwork,
  networkSize,
  smallConvnet,
  smallMlp,
  smallResnet,
} from '../../support/networks.ts';

/** Counts on the built model: a kernel is used once at every position of its layer's output. */
function counted(model: tfTypes.LayersModel) {
  const size = { macs: 0, kernels: 0, parameters: 0, outputs: 0 };
  for (const layer of model.layers) {
    // These layers have one output.
    size.outputs += product((layer.outputShape as number[]).slice(1));
    for (const weight of layer.trainableWeights)
      size.parameters += product(weight.shape as number[]);
    const kernel = layer.weights.find((weight) => weight.originalName.endsWith('kernel'));
    if (!kernel) continue;
    const positions = product((layer.outputShape as number[]).slice(1, -1));
    size.macs += positions * product(kernel.shape as number[]);
    size.kernels++;
  }
  return size;
}

const cases = [
  [{ ...smallMlp, width: 128, depth: 2 }, [28, 28, 1]],
  [smallMlp, [5]],
  [{ ...smallConvnet, width: 32, depth: 3 }, [32, 32, 3]],
  [{ ...smallConvnet, depth: 8 }, [5, 7, 3]],
  [smallResnet, [9, 8, 3]],
  [{ ...smallResnet, width: 16, depth: 20 }, [32, 32, 3]],
  [networkSchema.parse({ architecture: 'mobilenetv2' }), [64, 75, 3]],
] as const;

describe.each(cases)('%o for %o', (network, shape) => {
  test('has the size of the built model, also as the topology in a saved model', async () => {
    const model = await buildNetwork(network, shape, 10, 1);
    expect(networkSize(network, shape, 10)).toEqual(counted(model));
    const json = { modelTopology: { model_config: topologyOf(model) } };
    expect(topologySize(json, shape)).toEqual(counted(model));
    model.dispose();
  });
});

test('the residual network of 20 layers is the one of the paper', () => {
  const network = { ...smallResnet, width: 16, depth: 20 };
  const { macs, parameters } = networkSize(network, [32, 32, 3], 10);
  // He et al. 2015, table 6: 0.27 million; 41 million multiplications is what others count.
  expect(parameters / 1e6).toBeCloseTo(0.27, 2);
  expect(macs / 1e6).toBeCloseTo(40.8, 1);
});

test.each([
  // torchvision's documentation, and timm's of tf_efficientnet_lite0: millions of weights, and
  // billions of multiplications at 224 pixels.
  ['resnet18', 11.69, 1.814],
  ['resnet50', 25.557, 4.089],
  ['mobilenetv2', 3.505, 0.301],
  ['efficientnet-lite0', 4.652, 0.385],
])('%s has its published size', (architecture, millions, billions) => {
  const network = networkSchema.parse({ architecture });
  const { macs, parameters } = networkSize(network, [224, 224, 3], 1000);
  expect(parameters / 1e6).toBeCloseTo(millions, 2);
  expect(macs / 1e9).toBeCloseTo(billions, 2);
});

test('other layers of tfjs are followed too', () => {
  const model = tf.sequential({
    layers: [
      tf.layers.reshape({ inputShape: [16 * 16 * 2], targetShape: [16, 16, 2] }),
      tf.layers.zeroPadding2d({
        padding: [
          [1, 0],
          [2, 1],
        ],
      }),
      tf.layers.zeroPadding2d({}),
      tf.layers.depthwiseConv2d({ kernelSize: 3, strides: 2, padding: 'same' }),
      tf.layers.separableConv2d({ kernelSize: 3, filters: 4 }),
      tf.layers.averagePooling2d({ poolSize: 2 }),
      tf.layers.globalMaxPooling2d({}),
      tf.layers.dense({ units: 3 }),
    ],
  });
  const [depthwise, separable] = [10 * 11 * 9 * 2, 8 * 9 * (9 * 2 + 2 * 4)];
  expect(topologySize(topologyOf(model), [512])).toEqual({
    macs: depthwise + separable + 4 * 3,
    kernels: 3,
    parameters: counted(model).parameters,
    outputs: counted(model).outputs,
  });
  model.dispose();
});

test('a model inside a model is followed', () => {
  const inner = tf.sequential({
    layers: [
      tf.layers.conv2d({ inputShape: [8, 8, 3], kernelSize: 3, filters: 4, padding: 'same' }),
      tf.layers.maxPooling2d({ poolSize: 2 }),
    ],
  });
  const dense = [tf.layers.flatten(), tf.layers.dense({ units: 2 })];
  const outer = tf.sequential({ layers: [inner, ...dense] });
  const [inside, outside] = [counted(inner), 4 * 4 * 4 * 2];
  expect(topologySize(topologyOf(outer), [8, 8, 3])).toMatchObject({
    macs: inside.macs + outside,
    parameters: inside.parameters + outside + 2,
    outputs: inside.outputs + 4 * 4 * 4 + 2,
  });
  outer.dispose();
});

test('a saved teacher is followed', () => {
  const file = new URL('../../fixtures/teachers/layers-model/model.json', import.meta.url);
  expect(topologySize(JSON.parse(readFileSync(file, 'utf8')), [8, 8, 3])?.macs).toBeGreaterThan(0);
});

test.each([null, 3, 'text', {}, { modelTopology: { node: [] } }, { config: { layers: [{}] } }])(
  '%o is not a topology',
  (json) => expect(topologySize(json, [4])).toBeUndefined(),
);

test('an unknown file is estimated by its size', () => {
  // ResNet-50: 102 MB, 4.1e9 multiplications at 224 × 224.
  expect(sizeOfFile(102e6, [224, 224, 3]).macs / 4.1e9).toBeCloseTo(1, 0);
  expect(sizeOfFile(102e6, [448, 448, 3]).macs).toBe(4 * sizeOfFile(102e6, [224, 224, 3]).macs);
  expect(sizeOfFile(4e6, [20]).macs).toBe(1e6);
});
