import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { saveModel } from '../../../src/models/student.ts';
import { openTrainedTeacher } from '../../../src/models/teachers/trained.ts';
import { FolderStore } from '../../../src/store/folder.ts';
import { tf } from '../../../src/tensorflow.ts';
import { temporaryFolder, vector } from './open.ts';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => rm(folder, { recursive: true }));

test('a teacher that was trained answers with probabilities, and is fed as it was trained', async () => {
  const tensors = tf.memory().numTensors;
  const layer = tf.layers.dense({ units: 3, inputShape: [2], activation: 'linear' });
  const network = tf.sequential({ layers: [layer] });
  tf.tidy(() => network.setWeights([tf.tensor2d([1, 0, 0, 0, 1, 0], [2, 3]), tf.zeros([3])]));
  const description = { classes: ['a', 'b', 'c'], features: vector(2), createdBy: 'a test' };
  const store = new FolderStore(folder);
  for (const [name, bytes] of saveModel(network, description)) {
    await store.write(`teachers/1/${name}`, bytes);
  }
  network.dispose();

  const { teacher, features } = await openTrainedTeacher(store, 'teachers/1/');
  expect(features).toEqual(vector(2));
  const values = Float32Array.of(Math.log(2), 0, 0, Math.log(6));
  const { probabilities } = await teacher.predict({ ids: ['x', 'y'], values });
  // Softmax of [ln 2, 0, 0] and of [0, ln 6, 0].
  [1 / 2, 1 / 4, 1 / 4, 1 / 8, 3 / 4, 1 / 8].forEach((expected, place) => {
    expect(probabilities[place]).toBeCloseTo(expected, 6);
  });
  teacher.dispose();
  expect(tf.memory().numTensors).toBe(tensors);
});

test('a model that is not there is named', async () => {
  await expect(openTrainedTeacher(new FolderStore(folder), 'teachers/1/')).rejects.toThrow(
    'teachers/1/model.json',
  );
});
