import { expect, test } from 'vitest';
import { saveModel } from '../../src/models/exporters.ts';
import { predictProbabilities } from '../../src/models/layers-student.ts';
import { customNetwork } from '../../src/models/networks/layers-model.ts';
import { loadModel } from '../../src/models/student.ts';
import { scoresLayer, splitOutputs } from '../../src/models/subclass-outputs.ts';
import { tf, type tfTypes } from '../../src/tensorflow.ts';
import {
  buildNetwork,
  ownNetwork,
  randomBatch,
  smallConvnet,
  smallMlp,
} from '../support/networks.ts';
import { features, predictElsewhere, shape } from './saved.ts';

const description = {
  ...{ classes: ['a', 'b', 'c'], features, subclasses: 4 },
  createdBy: 'counterweight 1.2.3',
};
const batch = randomBatch(8, shape, 3, 0);

/** Sums four outputs per class, for a model with three classes. */
function sums(outputs: Float32Array): number[] {
  return Array.from({ length: outputs.length / 4 }, (_, at) =>
    outputs.subarray(4 * at, 4 * at + 4).reduce((a, b) => a + b, 0),
  );
}

/** A user's own model, of layers in a row. */
function sequential(): Promise<tfTypes.LayersModel> {
  const model = tf.sequential({
    layers: [
      tf.layers.flatten({ inputShape: shape }),
      tf.layers.dense({ units: 5, activation: 'relu' }),
      tf.layers.dense({ units: 3, activation: 'softmax' }),
    ],
  });
  const file = Buffer.from(JSON.stringify(model.toJSON(null, false)));
  const problem = { inputShape: shape, classes: 3, readFile: async () => file };
  return customNetwork.build(ownNetwork('student.json', { weights: 'random' }), problem, 1);
}

const networks = {
  mlp: () => buildNetwork(smallMlp, shape, 3, 1),
  convnet: () => buildNetwork(smallConvnet, shape, 3, 1),
  'layers-model': sequential,
};

for (const [name, network] of Object.entries(networks)) {
  test(`a ${name} has the same outputs after they are split`, async () => {
    const model = await network();
    const split = await splitOutputs(model, 4);
    const before = predictProbabilities(model, batch.rows);
    const after = sums(predictProbabilities(split, batch.rows));
    after.forEach((value, i) => {
      expect(value).toBeCloseTo(before[i]!, 6);
    });
  });

  test(`a ${name} of subclasses is saved as one of classes, which any program can load`, async () => {
    const split = await splitOutputs(await network(), 4);
    const scores = scoresLayer(split);
    // So that the outputs of a class differ.
    scores.setWeights(scores.getWeights().map(({ shape }) => tf.randomNormal(shape, 0, 1)));
    const expected = sums(predictProbabilities(split, batch.rows));
    const files = await saveModel(split, description);
    const student = await loadModel(files);
    expect(student.description).toEqual(description);
    const found = await predictElsewhere(files, batch.rows.values, 8);
    for (const answers of [student.predict(batch.rows), found]) {
      expect(answers).toHaveLength(8 * 3);
      answers.forEach((value, i) => {
        expect(value).toBeCloseTo(expected[i]!, 6);
      });
    }
  });
}

test('no tensor is left behind', async () => {
  const model = await networks.convnet();
  const before = tf.memory().numTensors;
  const split = await splitOutputs(model, 4);
  await saveModel(split, description);
  split.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test('a model whose last layer is not Dense is refused, with the layer', async () => {
  const model = tf.sequential({
    name: 'mine',
    layers: [
      tf.layers.dense({ units: 3, inputShape: [5] }),
      tf.layers.activation({ name: 'last', activation: 'linear' }),
    ],
  });
  await expect(splitOutputs(model, 2)).rejects.toThrow(
    "method lelp is for networks that end in a Dense layer, and 'mine' ends in the Activation layer 'last'",
  );
});
