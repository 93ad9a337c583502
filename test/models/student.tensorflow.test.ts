import { describe, expect, test } from 'vitest';
import { sha256 } from '../../src/digest.ts';
import { layersModelExporter, saveModel } from '../../src/models/exporters.ts';
import type { Exporter } from '../../src/models/exports/exporter.ts';
import { loadModel } from '../../src/models/student.ts';
import { tf, type tfTypes } from '../../src/tensorflow.ts';
import { createEagerStep } from '../../src/train/eager-step.ts';
import {
  buildNetwork,
  randomBatch,
  smallConvnet,
  smallMlp,
  smallResnet,
} from '../support/networks.ts';
import { features, predictElsewhere, shape } from './saved.ts';

const description = { classes: ['a', 'b', 'c'], features, createdBy: 'counterweight 1.2.3' };
const batch = randomBatch(8, shape, 3, 0);

/** Trained a little, so that no weight is at its start. */
async function trained(network: Parameters<typeof buildNetwork>[0]) {
  const model = await buildNetwork(network, shape, 3, 1);
  const step = createEagerStep(model, smallMlp);
  for (let count = 0; count < 3; count++) step.run(batch, 0.01);
  step.dispose();
  return model;
}

for (const network of [smallMlp, smallConvnet, smallResnet]) {
  test(`a ${network.architecture} is saved as the same bytes and has the same outputs after loading`, async () => {
    const [model, twin] = [await trained(network), await trained(network)];
    const files = await saveModel(model, description);
    expect([...files.keys()]).toEqual(['model.json', 'weights.bin', 'student.json']);
    expect(await saveModel(twin, description)).toEqual(files);

    const student = await loadModel(files);
    expect(student.description).toEqual(description);
    const logits = model.predictOnBatch(
      tf.tensor(batch.rows.values, [8, ...shape]),
    ) as tfTypes.Tensor;
    expect(student.predict(batch.rows)).toEqual(tf.softmax(logits).dataSync());
    expect(await saveModel(student.model, description)).toEqual(files);
  });

  test(`any TensorFlow.js program can load a saved ${network.architecture}`, async () => {
    const files = await saveModel(await trained(network), description);
    const found = await predictElsewhere(files, batch.rows.values, 8);
    const student = await loadModel(files);
    const expected = student.predict(batch.rows);
    found.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 6);
    });
  });
}

test('a network of labels is saved with sigmoid, and has the same outputs after loading', async () => {
  const model = await trained(smallMlp);
  const labels = { ...description, multiLabel: true } as const;
  const files = await saveModel(model, labels);
  const student = await loadModel(files);
  expect(student.description).toEqual(labels);
  const logits = model.predictOnBatch(tf.tensor(batch.rows.values, [8, ...shape]));
  const expected = (logits as tfTypes.Tensor).sigmoid().dataSync();
  expect(student.predict(batch.rows)).toEqual(expected);
  const elsewhere = await predictElsewhere(files, batch.rows.values, 8);
  elsewhere.forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i]!, 6);
  });
  expect(await saveModel(student.model, labels)).toEqual(files);
});

test('no tensor is left behind', async () => {
  const files = await saveModel(await trained(smallConvnet), description);
  const before = tf.memory().numTensors;
  const student = await loadModel(files);
  const loaded = tf.memory().numTensors;
  for (let count = 0; count < 5; count++) student.predict(batch.rows);
  await saveModel(student.model, description);
  expect(tf.memory().numTensors).toBe(loaded);
  student.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test('missing or truncated files are reported', async () => {
  const files = await saveModel(await buildNetwork(smallMlp, shape, 3, 1), description);
  for (const name of files.keys()) {
    const rest = new Map([...files].filter(([other]) => other !== name));
    await expect(loadModel(rest)).rejects.toThrow(`no file '${name}'`);
  }
  const cut = files.get('weights.bin')!.subarray(0, -4);
  await expect(loadModel(new Map([...files, ['weights.bin', cut]]))).rejects.toThrow(
    /weights\.bin has \d+ bytes; expected \d+/,
  );
});

describe('exporters', () => {
  const card: Exporter = {
    name: 'card',
    files: ['card.txt'],
    write: async (model, { classes }) =>
      new Map([['card.txt', Buffer.from(`${model.name}: ${classes.length} classes`)]]),
  };

  test('each add their files, and student.json comes last', async () => {
    const model = await trained(smallMlp);
    const files = await saveModel(model, description, [layersModelExporter, card]);
    expect([...files.keys()]).toEqual(['model.json', 'weights.bin', 'card.txt', 'student.json']);
    expect(Buffer.from(files.get('card.txt')!).toString()).toBe('mlp: 3 classes');
    const alone = await saveModel(model, description);
    for (const name of layersModelExporter.files) expect(files.get(name)).toEqual(alone.get(name));
    const described = JSON.parse(Buffer.from(files.get('student.json')!).toString());
    expect(Object.keys(described.files)).toEqual(['card.txt', 'model.json', 'weights.bin']);
    expect(described.files['card.txt']).toBe(sha256(files.get('card.txt')!));
  });

  test.each([
    ['lacks a file', [{ ...card, files: ['card.txt', 'more.txt'] }], 'more.txt'],
    ['has the file of another', [card, { ...card, name: 'copy' }], 'card.txt'],
  ])('an exporter that %s is refused', async (_, rows, name) => {
    const model = await trained(smallMlp);
    await expect(saveModel(model, description, rows)).rejects.toThrow(`must make '${name}'`);
  });
});
