/** Networks of the user, from a model.json with its weights. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Features } from '../../src/data/features/index.ts';
import { pinNetworkFiles, readPinned } from '../../src/models/network-files.ts';
import { architectureOf } from '../../src/models/networks/index.ts';
import { topologySchema, withOutputActivation } from '../../src/models/topology.ts';
import { asLayers } from '../../src/models/trainable.ts';
import { tf, type tfTypes } from '../../src/tensorflow.ts';
import { createEagerStep } from '../../src/train/eager-step.ts';
import { createGraphStep } from '../../src/train/graph-step.ts';
import type { TrainingStep } from '../../src/train/step.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { ownNetwork, randomBatch } from '../support/networks.ts';
import { refusalOf } from '../support/refusal.ts';

const shape = [6, 6, 2];
const problem = { inputShape: shape, classes: 3 };

/** A pretrained network: two blocks, each with batch norm, and a softmax. */
function pretrained(activation: 'softmax' | 'linear' = 'softmax'): tfTypes.Sequential {
  const layers = [1, 2].flatMap((block) => [
    tf.layers.conv2d({ name: `block${block}_conv`, filters: 4, kernelSize: 3, useBias: false }),
    tf.layers.batchNormalization({ name: `block${block}_norm` }),
    tf.layers.reLU({ name: `block${block}_relu` }),
  ]);
  const model = tf.sequential({ name: 'own' });
  model.add(tf.layers.inputLayer({ inputShape: shape, name: 'input' }));
  for (const layer of layers) model.add(layer);
  model.add(tf.layers.flatten({ name: 'flatten' }));
  model.add(tf.layers.dense({ name: 'classes', units: 3, activation }));
  const values = model.weights.map(({ shape, originalName }, index) =>
    tf.tidy(() => {
      const noise = tf.randomNormal(shape as number[], 0, 0.3, 'float32', index + 1);
      return originalName.includes('variance') ? noise.abs().add(0.5) : noise;
    }),
  );
  model.setWeights(values);
  tf.dispose(values);
  return model;
}

function withSoftmax(model: tfTypes.Sequential): tfTypes.Sequential {
  model.add(tf.layers.softmax({ name: 'softmax' }));
  return model;
}

/** The files that `model.save` writes. */
async function filesOf(model: tfTypes.LayersModel): Promise<Record<string, Buffer>> {
  type Save = Parameters<typeof tf.io.withSaveHandler>[0];
  let saved: Parameters<Save>[0] | undefined;
  const keep: Save = async (artifacts) => {
    saved = artifacts;
    return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
  };
  await model.save(tf.io.withSaveHandler(keep));
  const { modelTopology, weightSpecs, weightData } = saved!;
  const weightsManifest = [{ paths: ['weights.bin'], weights: weightSpecs }];
  const json = { format: 'layers-model', modelTopology, weightsManifest };
  return {
    'net/model.json': Buffer.from(JSON.stringify(json)),
    'net/weights.bin': Buffer.from(weightData as ArrayBuffer),
  };
}

let model: tfTypes.LayersModel;
let files: Record<string, Buffer>;
beforeAll(async () => {
  model = pretrained();
  files = await filesOf(model);
});

type More = Parameters<typeof ownNetwork>[1];

async function build(more: More = {}, changed: Record<string, Buffer> = {}, isMultiLabel = false) {
  const store = new MemoryStore({ ...files, ...changed });
  const network = ownNetwork('net/model.json', more);
  const pinned = await pinNetworkFiles(store, network);
  const readFile = readPinned(store, pinned);
  return asLayers(
    await architectureOf(network).build(network, { ...problem, isMultiLabel, readFile }, 7),
  );
}

/** Checks a network as Plan does; returns the warnings. */
async function planned(
  more: More,
  changed: Record<string, Buffer> = files,
  isStudent = false,
  other: { inputShape?: number[]; features?: Features } = {},
) {
  const network = ownNetwork('net/model.json', more);
  const features = { kind: 'vector', length: 72, mean: [], std: [] } as const;
  const readFile = async (key: string) => changed[key]!;
  const plan = { ...problem, features, needsEmbedding: false, isStudent, readFile, ...other };
  return architectureOf(network).check!(network, plan);
}

const { values: features } = randomBatch(4, shape, 3, 1).rows;
function probabilities(network: tfTypes.LayersModel, isLogits: boolean): number[] {
  return tf.tidy(() => {
    const outputs = network.predict(tf.tensor(features, [4, ...shape])) as tfTypes.Tensor;
    return [...(isLogits ? tf.softmax(outputs) : outputs).dataSync()];
  });
}

describe('the weights', () => {
  test('are those of the file, whatever the seed', async () => {
    const expected = probabilities(model, false);
    for (const [index, value] of probabilities(await build(), true).entries()) {
      expect(value).toBeCloseTo(expected[index]!, 5);
    }
  });

  test('are drawn by the initializers if the config asks for it', async () => {
    const random = probabilities(await build({ weights: 'random' }), true);
    expect(random[0]).not.toBeCloseTo(probabilities(model, false)[0]!, 3);
  });

  test('that change after Plan are refused', async () => {
    const store = new MemoryStore(files);
    const network = ownNetwork('net/model.json');
    const pinned = await pinNetworkFiles(store, network);
    expect(pinned.map(({ path }) => path)).toEqual(['net/model.json', 'net/weights.bin']);
    await store.write('net/weights.bin', Buffer.alloc(files['net/weights.bin']!.length));
    const built = architectureOf(network).build(
      network,
      { ...problem, readFile: readPinned(store, pinned) },
      7,
    );
    await expect(built).rejects.toThrow("'net/weights.bin' has changed since the run was planned");
  });

  test('leave no tensor behind, used or refused', async () => {
    const { numTensors } = tf.memory();
    (await build()).dispose();
    await build({}, { 'net/weights.bin': Buffer.alloc(4) }).catch(() => {});
    await build({ freeze: ['*'] }).catch(() => {});
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});

test('weights that were trained on pixels from 0 to 255 need them', async () => {
  const inputShape = [6, 6, 3];
  const warningsWith = async (scale: number, std: number, weights: 'keep' | 'random' = 'keep') => {
    const inner = tf.sequential({ layers: [tf.layers.rescaling({ inputShape, scale })] });
    const own = tf.sequential({ name: 'own', layers: [inner] });
    own.add(tf.layers.flatten({ name: 'flatten' }));
    own.add(tf.layers.dense({ name: 'classes', units: 3 }));
    const saved = await filesOf(own);
    const size = { kind: 'image', height: 6, width: 6, channels: 3 } as const;
    const pixels = { ...size, mean: [0, 0, 0], std: [std, std, std] };
    return planned({ weights }, saved, false, { inputShape, features: pixels });
  };
  expect(await warningsWith(1 / 255, 0.25)).toEqual([
    "'net/model.json' has a layer that rescales pixels, and is fed values up to 4: set task.preprocess: { scale: 0..255 } in distill.yaml",
  ]);
  expect(await warningsWith(1 / 255, 1 / 255)).toEqual([]);
  // From 0..1 to -1..1.
  expect(await warningsWith(2, 1)).toEqual([]);
  expect(await warningsWith(1 / 255, 0.25, 'random')).toEqual([]);
});

describe('refused, with what to change', () => {
  const json = () => JSON.parse(files['net/model.json']!.toString());
  const jsonWith = (change: object) => ({
    'net/model.json': Buffer.from(JSON.stringify({ ...json(), ...change })),
  });
  const nan = () => {
    const bytes = Buffer.from(files['net/weights.bin']!);
    bytes.writeFloatLE(Number.NaN, 0);
    return { 'net/weights.bin': bytes };
  };
  const texts = () => {
    const manifest = json().weightsManifest;
    Object.assign(manifest[0].weights[0], { dtype: 'string' });
    return jsonWith({ weightsManifest: manifest });
  };
  const renamed = () =>
    jsonWith({
      weightsManifest: json().weightsManifest.map((group: { weights: { name: string }[] }) => ({
        ...group,
        weights: group.weights.map((weight) => ({ ...weight, name: `old/${weight.name}` })),
      })),
    });

  test.each<[string, More, () => Record<string, Buffer>, string]>([
    ['a topology alone', {}, () => jsonWith({ weightsManifest: [] }), 'a topology without weights'],
    [
      'a file in another folder',
      {},
      () => jsonWith({ weightsManifest: [{ paths: ['../w'], weights: [] }] }),
      'the name of a file in the same folder',
    ],
    ['weights that are cut', {}, () => ({ 'net/weights.bin': Buffer.alloc(10) }), 'have 10 bytes'],
    ['weights of another model', {}, renamed, 'do not fit its topology'],
    ['a weight of texts', {}, texts, 'do not fit its topology'],
    ['a weight that is not a number', {}, nan, 'has the value NaN'],
    [
      'a pattern without a layer',
      { freeze: ['blok1_*'] },
      () => ({}),
      "freeze: 'blok1_*' fits no layer",
    ],
    ['a network that is frozen whole', { freeze: ['*'] }, () => ({}), 'has no layer to train'],
  ])('%s', async (_, more, changed, message) => {
    const error = await refusalOf(build(more, changed()));
    expect(error.message).toContain(message);
    expect(error.hint).toBeTruthy();
  });

  test('two weights of one name', async () => {
    const inner = tf.sequential({ layers: [tf.layers.flatten({ inputShape: shape })] });
    inner.add(tf.layers.dense({ name: 'classes', units: 4 }));
    const outer = tf.sequential({ layers: [inner] });
    outer.add(tf.layers.dense({ name: 'classes', units: 3 }));
    const built = build({ weights: 'random' }, await filesOf(outer));
    await expect(built).rejects.toThrow("two weights of the name 'classes/kernel'");
  });

  test('a layer without a gradient, unless nothing before it is trained', async () => {
    const dilated = tf.sequential();
    const size = { filters: 2, kernelSize: 2 };
    dilated.add(tf.layers.conv2d({ name: 'first', ...size, inputShape: shape }));
    dilated.add(tf.layers.conv2d({ name: 'second', ...size, dilationRate: 2 }));
    dilated.add(tf.layers.flatten());
    dilated.add(tf.layers.dense({ name: 'classes', units: 3, activation: 'softmax' }));
    const changed = await filesOf(dilated);
    dilated.dispose();
    await expect(planned({}, changed)).rejects.toMatchObject({
      message: expect.stringMatching(/^'net\/model.json' cannot be trained: .*dilation/i),
      hint: expect.stringContaining('freeze'),
    });
    // TensorFlow.js keeps the inputs of a gradient that fails.
    const before = tf.memory().numTensors;
    expect(await planned({ freeze: ['first', 'second'] }, changed)).toEqual([]);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('softmax in a multi-label task, and sigmoid in others', async () => {
    const sigmoid = withOutputActivation(topologySchema.parse(json().modelTopology), 'sigmoid');
    const changed = jsonWith({ modelTopology: sigmoid });
    await expect(build({}, {}, true)).rejects.toMatchObject({
      message: "'net/model.json' ends in the Dense layer 'classes' with activation softmax.",
      hint: expect.stringContaining('sigmoid or linear'),
    });
    await expect(build({}, changed)).rejects.toMatchObject({
      message: "'net/model.json' ends in the Dense layer 'classes' with activation sigmoid.",
      hint: expect.stringContaining('set task.multiLabel: true'),
    });
    const built = await build({}, changed, true);
    // The same weights, and logits instead of probabilities.
    expect(probabilities(built, true)).toEqual(probabilities(await build(), true));
  });

  test('a missing file of weights', async () => {
    const { 'net/weights.bin': _, ...rest } = files;
    const pinned = pinNetworkFiles(new MemoryStore(rest), ownNetwork('net/model.json'));
    await expect(pinned).rejects.toThrow('net/weights.bin');
  });
});

describe('random weights', () => {
  const check: typeof planned = (more, ...rest) => planned({ weights: 'random', ...more }, ...rest);

  test.each([{ freeze: ['block1_*'] }, { pretrainedRate: 0.1 }])('refuse %j', async (more) => {
    await expect(check(more)).rejects.toThrow('weights is random');
  });

  test.each([
    ['the default', undefined],
    ['named by a text', 'glorotUniform'],
  ])('are the same again if the initializer is %s', async (_, kernel_initializer) => {
    const config = { name: 'classes', units: 3, kernel_initializer };
    const layers = [
      { class_name: 'Flatten', config: { name: 'flat', batch_input_shape: [null, ...shape] } },
      { class_name: 'Dense', config },
    ];
    const json = { class_name: 'Sequential', config: { layers } };
    const file = { 'net/model.json': Buffer.from(JSON.stringify(json)) };
    const first = async () => {
      const built = await build({ weights: 'random' }, file);
      return built.weights[0]!.read().dataSync()[0];
    };
    expect(await first()).toBe(await first());
  });

  test('that the file freezes give a warning', async () => {
    expect(await check({})).toEqual([]);
    const frozen = pretrained();
    frozen.getLayer('block2_norm').trainable = false;
    const warnings = await check({}, await filesOf(frozen));
    expect(warnings).toEqual([expect.stringContaining("'block2_norm' of 'net/model.json'")]);
  });

  test('of a student that no other program can load give a warning', async () => {
    expect(await check({}, files, true)).toEqual([
      "the student will have no file for other programs than TensorFlow.js: its layer 'block1_conv' is Conv2D, and its input is [72]",
    ]);
  });
});

/** Takes steps, and returns the weights before and after. */
function trained(step: TrainingStep, count = 5) {
  const before = step.state();
  const copy = new Map(Array.from(before, ([name, { values }]) => [name, values.slice()]));
  for (let index = 0; index < count; index++) step.run(randomBatch(8, shape, 3, index), 0.01);
  const after = new Map(Array.from(step.state(), ([name, { values }]) => [name, values]));
  return { before: copy, after };
}

describe.each([
  ['the graph', createGraphStep],
  ['the eager step', createEagerStep],
] as const)('in %s', (_, create) => {
  const config = { optimizer: 'sgd', momentum: 0, weightDecay: 0.01 } as const;
  const open = (model: tfTypes.LayersModel, settings: object = {}) =>
    create === createGraphStep
      ? createGraphStep(model, config, [8], settings)
      : createEagerStep(model, config, settings);

  test('frozen layers keep their weights and the averages of batch norm', async () => {
    const { before, after } = trained(open(await build({ freeze: ['block1_*'] })));
    for (const [name, values] of before) {
      if (name.startsWith('optimizer')) continue;
      if (name.startsWith('block1_')) expect(after.get(name), name).toEqual(values);
      else expect(after.get(name), name).not.toEqual(values);
    }
  });

  test('a layer that the file freezes is not trained', async () => {
    const frozen = pretrained();
    frozen.getLayer('block2_conv').trainable = false;
    const { before, after } = trained(open(await build({}, await filesOf(frozen))));
    expect(after.get('block2_conv/kernel')).toEqual(before.get('block2_conv/kernel'));
    expect(after.get('block1_conv/kernel')).not.toEqual(before.get('block1_conv/kernel'));
  });

  test.each<[string, () => tfTypes.Sequential]>([
    ['a Dense layer', pretrained],
    ['a Softmax layer after it', () => withSoftmax(pretrained('linear'))],
    [
      'a model inside, then Softmax',
      () => withSoftmax(tf.sequential({ layers: [pretrained('linear')] })),
    ],
  ])('all layers but the last learn at a fraction of the rate: %s', async (_, make) => {
    const network = ownNetwork('net/model.json', { pretrainedRate: 0.25 });
    const saved = await filesOf(make());
    const change = async (settings: (model: tfTypes.LayersModel) => object) => {
      const model = await build({}, saved);
      const { before, after } = trained(open(model, settings(model)), 1);
      return (name: string) => after.get(name)![0]! - before.get(name)![0]!;
    };
    const whole = await change(() => ({}));
    const { rateFactor } = architectureOf(network);
    const part = await change((model) => ({ rateFactor: rateFactor!(network, model) }));
    expect(part('block1_conv/kernel') / whole('block1_conv/kernel')).toBeCloseTo(0.25, 3);
    expect(part('classes/kernel') / whole('classes/kernel')).toBeCloseTo(1, 3);
  });
});

test.each(['by the config', 'by the file'])('a model inside is frozen whole: %s', async (how) => {
  const inner = tf.sequential({ name: 'inner' });
  inner.add(tf.layers.flatten({ inputShape: shape }));
  inner.add(tf.layers.dense({ name: 'hidden', units: 4 }));
  inner.add(tf.layers.batchNormalization({ name: 'norm' }));
  const outer = tf.sequential({ name: 'outer' });
  outer.add(inner);
  outer.add(tf.layers.dense({ name: 'classes', units: 3, activation: 'softmax' }));
  const saved = await filesOf(outer);
  const json = JSON.parse(saved['net/model.json']!.toString());
  if (how === 'by the file') json.modelTopology.config.layers[0].config.trainable = false;
  const file = { ...saved, 'net/model.json': Buffer.from(JSON.stringify(json)) };
  const built = await build(how === 'by the config' ? { freeze: ['inner'] } : {}, file);
  expect(built.trainableWeights.map(({ originalName }) => originalName)).toEqual([
    'classes/kernel',
    'classes/bias',
  ]);
  const step = createGraphStep(built, { optimizer: 'adam', momentum: 0, weightDecay: 0 }, [8]);
  const { before, after } = trained(step);
  for (const name of ['hidden/kernel', 'norm/gamma', 'norm/moving_mean']) {
    expect(after.get(name), name).toEqual(before.get(name));
  }
});

test('frozen batch norm normalises by its averages, not by the batch', async () => {
  const freeze = ['block1_*', 'block2_*'];
  const batch = randomBatch(8, shape, 3, 3);
  const expected = await build({ freeze });
  const logits = expected.predict(tf.tensor(batch.rows.values, [8, ...shape])) as tfTypes.Tensor;
  const step = createGraphStep(
    await build({ freeze }),
    { optimizer: 'adam', momentum: 0, weightDecay: 0 },
    [8],
  );
  const found = step.run(batch, 0.01).probabilities;
  for (const [index, value] of tf.softmax(logits).dataSync().entries()) {
    expect(found[index]).toBeCloseTo(value, 5);
  }
});
