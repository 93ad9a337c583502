import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { foldOf } from '../../../src/data/folds.ts';
import { saveModel } from '../../../src/models/exporters.ts';
import { foldFolder } from '../../../src/models/model-files.ts';
import type { MemberWeights } from '../../../src/models/teachers/members.ts';
import { openTrained } from '../../../src/models/teachers/trained.ts';
import { FolderStore } from '../../../src/store/folder.ts';
import { tf } from '../../../src/tensorflow.ts';
import { temporaryFolder, vector } from './open.ts';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => rm(folder, { recursive: true }));

/** Saves a model without hidden layers: its logits are the two features times `kernel`, [2, 3]. */
async function saveFold(
  store: FolderStore,
  fold: number,
  kernel: number[],
  teacher = 'teachers/1/',
): Promise<void> {
  const layer = tf.layers.dense({ units: 3, inputShape: [2], activation: 'linear' });
  const network = tf.sequential({ layers: [layer] });
  tf.tidy(() => network.setWeights([tf.tensor2d(kernel, [2, 3]), tf.zeros([3])]));
  const description = { classes: ['a', 'b', 'c'], features: vector(2), createdBy: 'a test' };
  for (const [name, bytes] of await saveModel(network, description)) {
    await store.write(`${foldFolder(teacher, fold)}${name}`, bytes);
  }
  network.dispose();
}

const first = [1, 0, 0, 0, 1, 0];
const second = [0, 1, 0, 1, 0, 0];
const values = Float32Array.of(Math.log(2), 0, 0, Math.log(6));
// Softmax of [ln 2, 0, 0] and of [0, ln 6, 0]; the second model has the first two classes changed.
const ofFirst = [1 / 2, 1 / 4, 1 / 4, 1 / 8, 3 / 4, 1 / 8];
const ofSecond = [1 / 4, 1 / 2, 1 / 4, 3 / 4, 1 / 8, 1 / 8];

function expectNear(found: Float32Array, expected: number[]): void {
  expect(found).toHaveLength(expected.length);
  expected.forEach((value, index) => {
    expect(found[index]).toBeCloseTo(value, 6);
  });
}

test('the models of the folds answer with their mean, and each has a vote', async () => {
  const tensors = tf.memory().numTensors;
  const store = new FolderStore(folder);
  await saveFold(store, 0, first);
  await saveFold(store, 1, second);
  const trained = await openTrained(store, ['teachers/1/'], { count: 2, seed: 1 });
  expect(trained.features).toEqual(vector(2));
  const { probabilities, votes } = await trained.ensemble.predict({
    ids: ['x', 'y'],
    rows: { n: 2, values },
  });
  expectNear(
    probabilities,
    ofFirst.map((value, index) => (value + ofSecond[index]!) / 2),
  );
  expect(trained.ensemble.voters).toBe(2);
  expect(votes).toEqual(Int32Array.of(0, 1, 1, 0));
  trained.dispose();
  expect(tf.memory().numTensors).toBe(tensors);
});

test('calibrated models have votes and a mean of their own, beside the mean before', async () => {
  const store = new FolderStore(folder);
  await saveFold(store, 0, first);
  await saveFold(store, 1, second);
  const none = { scale: 1, bias: [0, 0, 0] };
  const calibrations = [none, { scale: 1, bias: [Math.log(4), 0, 0] }];
  const trained = await openTrained(
    store,
    ['teachers/1/'],
    { count: 2, seed: 1 },
    { calibrations },
  );
  const answer = await trained.ensemble.predict({ ids: ['x', 'y'], rows: { n: 2, values } });
  const calibrated = [4 / 7, 2 / 7, 1 / 7, 12 / 13, 1 / 26, 1 / 26];
  expectNear(
    answer.probabilities,
    ofFirst.map((value, index) => (value + calibrated[index]!) / 2),
  );
  expectNear(
    answer.rawProbabilities!,
    ofFirst.map((value, index) => (value + ofSecond[index]!) / 2),
  );
  expect(answer.votes).toEqual(Int32Array.of(0, 0, 1, 0));
  expect(trained.ensemble.isCalibrated).toBe(true);
  trained.dispose();
});

test('out of fold, an example is judged by the model that has not learned it', async () => {
  const store = new FolderStore(folder);
  await saveFold(store, 0, first);
  await saveFold(store, 1, second);
  const folds = { count: 2, seed: 1 };
  const trained = await openTrained(store, ['teachers/1/'], folds);
  const ids = ['0', '1', '2', '3', '4', '5', '6', '7'];
  const rows = Float32Array.from({ length: 16 }, (_, index) => values[index % 4]!);
  const { probabilities, votes } = await trained.outOfFold.predict({
    ids,
    rows: { n: 8, values: rows },
  });
  const expected = ids.flatMap((id, row) =>
    [ofFirst, ofSecond][foldOf(id, folds)]!.slice((row % 2) * 3, (row % 2) * 3 + 3),
  );
  expect(new Set(ids.map((id) => foldOf(id, folds))).size).toBe(2);
  expectNear(probabilities, expected);
  expect(votes).toBeUndefined();
  trained.dispose();
});

/** Two teachers of one fold each: their answers to x and y are `ofFirst` and `ofSecond`. */
async function openMixture(weights: MemberWeights) {
  const store = new FolderStore(folder);
  await saveFold(store, 0, first);
  await saveFold(store, 0, second, 'teachers/2/');
  const folders = ['teachers/1/', 'teachers/2/'];
  return openTrained(store, folders, { count: 1, seed: 1 }, { weights });
}

test('several teachers are mixed, by other weights where an example decided them', async () => {
  const split = { count: 2, seed: 1 };
  const folds = [
    [1, 0],
    [0.25, 0.75],
  ];
  const { ensemble, judged, dispose } = await openMixture({
    whole: [0.5, 0.5],
    ...{ folds, split, isByFold: false },
  });
  const ids = ['x', 'y'];
  const inputs = { ids, rows: { n: 2, values } };
  const mixed = (weights: (row: number) => number[]) =>
    ofFirst.map((value, i) => {
      const [a, b] = weights(Math.floor(i / 3));
      return a! * value + b! * ofSecond[i]!;
    });
  expectNear(
    (await ensemble.predict(inputs)).probabilities,
    mixed(() => [0.5, 0.5]),
  );
  expectNear(
    (await judged.predict(inputs)).probabilities,
    mixed((row) => folds[foldOf(ids[row]!, split)]!),
  );
  dispose();
});

test('the models of a fold are mixed by its weights, and a teacher without weight is not opened', async () => {
  const split = { count: 1, seed: 1 };
  const weights = { whole: [0.5, 0.5], folds: [[0.25, 0.75]], split, isByFold: true };
  const { ensemble, outOfFold, dispose } = await openMixture(weights);
  const inputs = { ids: ['x'], rows: { n: 1, values: values.slice(0, 2) } };
  const expected = [0, 1, 2].map((c) => ofFirst[c]! / 4 + (3 * ofSecond[c]!) / 4);
  const { probabilities, votes } = await ensemble.predict(inputs);
  expectNear(probabilities, expected);
  expect(votes).toEqual(Int32Array.of(1));
  expectNear((await outOfFold.predict(inputs)).probabilities, expected);
  dispose();

  await rm(join(folder, 'teachers/2'), { recursive: true });
  const alone = { whole: [1, 0], folds: [[1, 0]], split, isByFold: true };
  const folders = ['teachers/1/', 'teachers/2/'];
  const best = await openTrained(new FolderStore(folder), folders, split, { weights: alone });
  expectNear((await best.ensemble.predict(inputs)).probabilities, ofFirst.slice(0, 3));
  best.dispose();
});

test('a model that is not there is named', async () => {
  const opening = openTrained(new FolderStore(folder), ['teachers/1/'], { count: 1, seed: 1 });
  await expect(opening).rejects.toThrow(/there is no .*teachers\/1\/fold-0\//);
});
