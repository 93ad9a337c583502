import { describe, expect, test } from 'vitest';
import { predictProbabilities } from '../../src/models/layers-student.ts';
import { architectureOf, architectures, networkSchema } from '../../src/models/networks/index.ts';
import { customNetwork } from '../../src/models/networks/layers-model.ts';
import { withUsualLength } from '../../src/models/networks/training-length.ts';
import { tf, type tfTypes } from '../../src/tensorflow.ts';
import {
  buildNetwork,
  ownNetwork,
  smallConvnet,
  smallMlp,
  smallResnet,
} from '../support/networks.ts';
import { refusalOf } from '../support/refusal.ts';

const weightsOf = (model: tfTypes.LayersModel) =>
  model.weights.map((weight) => ({
    name: weight.originalName,
    values: Array.from(weight.read().dataSync()),
  }));

describe.each([
  [smallMlp, [28, 28, 1]],
  [smallMlp, [5]],
  [smallConvnet, [28, 28, 1]],
  [{ ...smallConvnet, depth: 8 }, [5, 7, 3]],
  [smallResnet, [9, 8, 3]],
] as const)('%o for %o', (network, shape) => {
  test('gives probabilities', async () => {
    const model = await buildNetwork(network, shape, 4, 1);
    const size = shape.reduce((product, side) => product * side, 2);
    const values = Float32Array.from({ length: size }, (_, i) => Math.sin(i));
    const found = predictProbabilities(model, { n: 2, values });
    expect(found.length).toBe(8);
    expect(found.subarray(0, 4).reduce((sum, value) => sum + value)).toBeCloseTo(1, 6);
    expect(new Set(found).size).toBe(8);
  });

  test('has the same weights for the same seed, and others for another', async () => {
    const [one, two, other] = await Promise.all(
      [1, 1, 2].map(async (seed) => weightsOf(await buildNetwork(network, shape, 4, seed))),
    );
    expect(two).toEqual(one);
    for (const [index, { name, values }] of other!.entries()) {
      if (name.endsWith('kernel')) expect(values).not.toEqual(one![index]!.values);
    }
  });
});

test('a resnet of depth 6n + 2 has as many layers', async () => {
  const model = await buildNetwork({ ...smallResnet, depth: 20 }, [8, 8, 3], 4, 1);
  const layers = model.layers.filter((layer) => /^(Conv2D|Dense)$/.test(layer.getClassName()));
  const shortcuts = layers.filter((layer) => layer.name.includes('shortcut'));
  expect(layers.length - shortcuts.length).toBe(20);
  expect(shortcuts.length).toBe(2);
});

describe('layers-model', () => {
  const network = ownNetwork('net/model.json', { weights: 'random' });
  const build = (text: string, shape: readonly number[] = [5], classes = 4) =>
    customNetwork.build(
      network,
      {
        inputShape: shape,
        classes,
        readFile: async (key) => {
          expect(key).toBe('net/model.json');
          return Buffer.from(text);
        },
      },
      7,
    );

  /** The output of model.save, without weights. */
  const saved = (...layers: tfTypes.layers.Layer[]) =>
    JSON.stringify({
      format: 'layers-model',
      modelTopology: tf.sequential({ layers }).toJSON(null, false),
      weightsManifest: [],
    });
  const dense = (units: number, more = {}) => tf.layers.dense({ units, ...more });
  const first = dense(3, { inputShape: [5], activation: 'tanh' });

  test.each([
    ['Dense with softmax', [dense(4, { activation: 'softmax' })]],
    ['Dense without activation', [dense(4)]],
    ['Activation', [dense(4), tf.layers.activation({ activation: 'softmax' })]],
    ['Softmax', [dense(4), tf.layers.softmax()]],
  ])('that ends in %s gives logits, the same for the same seed', async (_, last) => {
    const [one, two] = await Promise.all([1, 1].map(() => build(saved(first, ...last))));
    const input = tf.tensor2d([[1, -2, 3, -4, 5]]);
    const logits = one!.predictOnBatch(input) as tfTypes.Tensor;
    expect(logits.sum().dataSync()[0]).not.toBeCloseTo(1, 3);
    expect((two!.predictOnBatch(input) as tfTypes.Tensor).dataSync()).toEqual(logits.dataSync());
  });

  test('of Keras, with two branches, is built', async () => {
    const input = tf.input({ shape: [5] });
    const branches = [dense(3), dense(3)].map(
      (layer) => layer.apply(input) as tfTypes.SymbolicTensor,
    );
    const sum = tf.layers.add().apply(branches) as tfTypes.SymbolicTensor;
    const output = dense(4, { activation: 'softmax' }).apply(sum) as tfTypes.SymbolicTensor;
    const json = tf.model({ inputs: input, outputs: output }).toJSON(null, false);
    const model = await build(JSON.stringify({ modelTopology: { model_config: json } }));
    const kernels = weightsOf(model).filter(({ name }) => name.endsWith('kernel'));
    expect(kernels.length).toBe(3);
    expect(kernels[0]!.values).not.toEqual(kernels[1]!.values);
  });

  test.each([
    ['no JSON', 'tensorflow', 'is not JSON'],
    ['no model', '{"classes": 4}', 'has no topology'],
    ['another input', saved(dense(4, { inputShape: [6] })), 'takes [6], and an example is [5]'],
    ['an open input', saved(dense(4, { inputShape: [null, 5] })), 'takes [any,5]'],
    ['other classes', saved(first, dense(3)), 'gives [3] scores, and the task has 4'],
    ['sigmoid at the end', saved(first, dense(4, { activation: 'sigmoid' })), 'sigmoid'],
    ['relu at the end', saved(first, dense(4), tf.layers.reLU()), 'ends in the ReLU layer'],
    ['noise', saved(first, tf.layers.gaussianNoise({ stddev: 1 }), dense(4)), 'the GaussianNoise'],
    [
      'dropout within a layer',
      saved(
        tf.layers.reshape({ targetShape: [5, 1], inputShape: [5] }),
        tf.layers.timeDistributed({ layer: tf.layers.dropout({ rate: 0.5 }) }),
        tf.layers.flatten(),
        dense(4),
      ),
      'the Dropout layer',
    ],
    [
      'dropout of whole rows',
      saved(first, tf.layers.dropout({ rate: 0.5, noiseShape: [1, 5] }), dense(4)),
      'the Dropout layer',
    ],
    [
      'dropout in a recurrent layer',
      saved(
        tf.layers.reshape({ targetShape: [5, 1], inputShape: [5] }),
        tf.layers.lstm({ units: 4, recurrentDropout: 0.5 }),
        dense(4),
      ),
      'the LSTM layer',
    ],
    [
      'an unknown layer',
      saved(first, dense(4)).replace('"Dense"', '"Mine"'),
      "a layer of the class 'Mine'",
    ],
  ])('with %s is refused with what to change', async (_, text, message) => {
    const error = await refusalOf(build(text));
    expect(error.message).toContain(message);
    expect(error.message).toContain('net/model.json');
    expect(error.hint).toBeTruthy();
  });

  test('may have dropout', async () => {
    const model = await build(saved(first, tf.layers.dropout({ rate: 0.5 }), dense(4)));
    expect(model.layers.map((layer) => layer.getClassName())).toContain('Dropout');
  });

  test('with two outputs is refused', async () => {
    const input = tf.input({ shape: [5] });
    const outputs = [dense(4), dense(4)].map(
      (layer) => layer.apply(input) as tfTypes.SymbolicTensor,
    );
    const json = tf.model({ inputs: input, outputs }).toJSON(null, false);
    await expect(build(JSON.stringify(json))).rejects.toThrow('output_layers');
  });
});

describe('the table of architectures', () => {
  test.each(Object.values(architectures))(
    '$name has its name and defaults in the schema',
    (row) => {
      const file = row.name === 'layers-model' ? { topology: 'net/model.json' } : {};
      const network = withUsualLength(networkSchema.parse({ architecture: row.name, ...file }));
      expect(network).toMatchObject({ architecture: row.name, epochs: 30, batchSize: 128 });
      expect(architectureOf(network)).toBe(row);
    },
  );
});
