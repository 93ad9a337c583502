/** Every fixture of `make-teachers.py` against what the tool that made it answers. */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { numbersOf } from '../../../src/data/features/kind.ts';
import type { Teacher } from '../../../src/models/teacher.ts';
import { tf } from '../../../src/tensorflow.ts';
import {
  asInputs,
  type Expected,
  featuresOf,
  fixtures,
  open,
  readExpected,
  temporaryFolder,
  usableFixtures,
} from './open.ts';

describe.each(await usableFixtures())('%s', (name) => {
  let scratch: string;
  let expected: Expected;
  let teacher: Teacher;
  let tensorsBefore: number;
  let savedModelsBefore: number;

  beforeAll(async () => {
    scratch = await temporaryFolder();
    expected = await readExpected(name);
    tensorsBefore = tf.memory().numTensors;
    savedModelsBefore = tf.node.getNumOfSavedModels();
    const features = featuresOf(expected.inputs);
    ({ teacher } = await open(join(fixtures, name), expected.config, features, { scratch }));
  });
  afterAll(() => rm(scratch, { recursive: true }));

  test('answers as the tool that made it', async () => {
    const { probabilities, embeddings } = await teacher.predict(
      asInputs(expected.inputs, expected.ids),
    );
    expectRows(probabilities, expected.probabilities);
    expect(embeddings !== undefined).toBe(expected.embeddings !== undefined);
    if (embeddings) expectRows(embeddings, expected.embeddings!);
    expect(teacher.embeddingSize).toBe(expected.embeddings?.at(0)?.length);
  });

  test('answers one example at a time as it answers a batch', async () => {
    const batch = asInputs(expected.inputs, expected.ids);
    const values = numbersOf(batch.rows);
    const size = values.length / batch.ids.length;
    for (const [index, id] of batch.ids.entries()) {
      const one = {
        ids: [id],
        rows: { n: 1, values: values.subarray(index * size, (index + 1) * size) },
      };
      const { probabilities } = await teacher.predict(one);
      expectRows(probabilities, [expected.probabilities[index]!]);
    }
  });

  test('answers an empty batch', async () => {
    const { probabilities } = await teacher.predict(asInputs([]));
    expect(probabilities).toHaveLength(0);
  });

  test('leaves nothing behind', async () => {
    const tensors = tf.memory().numTensors;
    await teacher.predict(asInputs(expected.inputs, expected.ids));
    expect(tf.memory().numTensors).toBe(tensors);
    teacher.dispose();
    expect(tf.memory().numTensors).toBe(tensorsBefore);
    expect(tf.node.getNumOfSavedModels()).toBe(savedModelsBefore);
  });
});

function expectRows(values: Float32Array, rows: (number[] | null)[]): void {
  const width = values.length / rows.length;
  const flat = rows.flatMap((row) => row ?? Array<number>(width).fill(Number.NaN));
  expect(values).toHaveLength(flat.length);
  flat.forEach((value, index) => {
    if (Number.isNaN(value)) expect(values[index]).toBeNaN();
    else expect(Math.abs(values[index]! - value)).toBeLessThan(1e-5);
  });
}
