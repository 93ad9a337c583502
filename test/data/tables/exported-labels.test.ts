import { expect, test } from 'vitest';
import { exportFormats } from '../../../src/data/tables/exported-labels.ts';
import { manyLabels } from '../../../src/debias/decisions.ts';
import { tableRows } from '../../support/table-content.ts';

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
  const names = ['id', 'labels', 'pRight', 'probabilities'];
  expect(await tableRows(writer.finish(), names)).toEqual([
    ['both', ['cat', 'red; blue'], [0.875, 0.625, 1], [0.75, 0.25, 1]],
    ['none', [], [0.5625, 0.625, 0.75], [0.125, 0.25, 0.5]],
  ]);
});

test('without labels that judge the teacher, there is no pRight', () => {
  const writer = exportFormats.jsonl.create({ ...columns, hasRight: false });
  writer.append(rows.map((row) => ({ ...row, right: undefined })));
  expect(Buffer.from(writer.finish()).toString()).not.toContain('pRight');
});
