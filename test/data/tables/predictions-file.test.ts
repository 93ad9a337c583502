import { expect, test } from 'vitest';
import {
  createPredictionsWriter,
  readPredictions,
} from '../../../src/data/tables/predictions-file.ts';
import { manyLabels, oneClass } from '../../../src/debias/decisions.ts';
import { MemoryStore } from '../../support/memory-store.ts';

const key = 'runs/r/predictions.parquet';

/** Reads the file back as one model's predictions. */
async function rowsOf(file: Uint8Array, model: string) {
  const rows = [];
  const store = new MemoryStore({ [key]: file });
  for await (const row of readPredictions(store, key, model)) rows.push(row);
  return rows;
}

test('the predictions of each model are read back, over several batches', async () => {
  const writer = createPredictionsWriter(key, ['teacher', 'weighted'], ['cat', 'dog'], oneClass(2));
  for (let i = 0; i < 2500; i++) {
    const dog = i % 2;
    writer.add(`${i}.png`, [dog], [Float32Array.of(0.9, 0.1), Float32Array.of(1 - dog, dog)]);
  }
  const file = writer.finish();
  const [teacher, weighted] = [await rowsOf(file, 'teacher'), await rowsOf(file, 'weighted')];
  expect(teacher).toHaveLength(2500);
  expect(teacher[1025]).toEqual({ id: '1025.png', truth: ['dog'], predicted: ['cat'] });
  expect(weighted.every(({ truth, predicted }) => truth[0] === predicted[0])).toBe(true);
});

test('several labels are lists, which may be empty', async () => {
  const writer = createPredictionsWriter(key, ['teacher'], ['cat', 'dog'], manyLabels(2));
  writer.add('both', [1, 1], [Float32Array.of(0.6, 0.4)]);
  writer.add('none', [0, 0], [Float32Array.of(0.5, 0.2)]);
  expect(await rowsOf(writer.finish(), 'teacher')).toEqual([
    { id: 'both', truth: ['cat', 'dog'], predicted: ['cat'] },
    { id: 'none', truth: [], predicted: [] },
  ]);
});
