import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exportFormats } from '../../../src/data/tables/exported-labels.ts';
import { openParquet } from '../../../src/data/tables/parquet-file.ts';
import { manyLabels } from '../../../src/debias/decisions.ts';
import { openStore } from '../../../src/store/open.ts';
import { makeResults } from '../../support/results.ts';

const classes = ['cat', 'dog', 'red; blue'];
const rows = [
  { id: 'both', predictions: [1, 0, 1], probabilities: [0.75, 0.25, 1] },
  { id: 'none', predictions: [0, 0, 0], probabilities: [0.125, 0.25, 0.5] },
].map(({ id, predictions, probabilities }) => ({
  id,
  predictions: Int32Array.from(predictions),
  margins: Float32Array.from(probabilities, (p) => Math.abs(2 * p - 1)),
  right: Float32Array.from(probabilities, (p) => 0.5 + p / 2),
  probabilities: Float32Array.from(probabilities),
}));
const columns = { classes, hasRight: true, decisions: manyLabels(3) };

test('JSON Lines of a multi-label task have lists', () => {
  const writer = exportFormats.jsonl.create(columns);
  writer.append(rows);
  const lines = Buffer.from(writer.finish()).toString().trim().split('\n');
  expect(lines.map((line): unknown => JSON.parse(line))).toEqual([
    {
      ...{ id: 'both', labels: ['cat', 'red; blue'] },
      ...{ pRight: [0.875, 0.625, 1], probabilities: [0.75, 0.25, 1] },
    },
    {
      ...{ id: 'none', labels: [] },
      ...{ pRight: [0.5625, 0.625, 0.75], probabilities: [0.125, 0.25, 0.5] },
    },
  ]);
});

test('Parquet has the same', async () => {
  const writer = exportFormats.parquet.create(columns);
  writer.append(rows);
  const { path } = makeResults();
  writeFileSync(join(path, 'labels.parquet'), writer.finish());
  const store = await openStore(path);
  const names = ['id', 'labels', 'pRight', 'probabilities'];
  const read: unknown[] = [];
  const file = await openParquet(store, (await store.head('labels.parquet'))!);
  for (const group of file.rowGroups) {
    const columns = await file.readColumns(names, group);
    for (let row = group.start; row < group.end; row++) {
      const cells = names.map((name): unknown => columns.get(name)![row]);
      read.push(cells.map((cell) => (Array.isArray(cell) ? [...cell] : cell)));
    }
  }
  expect(read).toEqual([
    ['both', ['cat', 'red; blue'], [0.875, 0.625, 1], [0.75, 0.25, 1]],
    ['none', [], [0.5625, 0.625, 0.75], [0.125, 0.25, 0.5]],
  ]);
});

test('without labels that judge the teacher, there is no pRight', () => {
  const writer = exportFormats.jsonl.create({ ...columns, hasRight: false });
  writer.append(rows.map((row) => ({ ...row, right: undefined })));
  expect(Buffer.from(writer.finish()).toString()).not.toContain('pRight');
});
