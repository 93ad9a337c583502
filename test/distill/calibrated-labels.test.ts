import { expect, test } from 'vitest';
import {
  createLabelsWriter,
  readLabels,
  readLabelsSummary,
} from '../../src/data/tables/labels-file.ts';
import { floatsAt, readResult } from '../../src/data/tables/result-file.ts';
import { calibrate } from '../../src/debias/calibration.ts';
import { oneClass } from '../../src/debias/decisions.ts';
import { calibrateLabels } from '../../src/distill/calibrated-labels.ts';
import { collect } from '../support/examples.ts';
import { MemoryStore } from '../support/memory-store.ts';

const decisions = oneClass(2);
const keys = { from: 'raw', to: 'calibrated' };
const raw = Float32Array.of(0.7, 0.3, 0.4, 0.6);
const quarantined = [{ id: 'broken', reason: 'It is not an image.' }];

/** Labels of two examples before calibration, by a teacher with an embedding and two models. */
function store(): MemoryStore {
  const writer = createLabelsWriter('raw', decisions, { embeddingSize: 3, voters: 2 });
  writer.append({
    ids: ['a', 'b'],
    probabilities: raw,
    embeddings: Float32Array.of(1, 2, 3, 4, 5, 6),
    votes: Int32Array.of(0, 0, 1, 1),
  });
  return new MemoryStore({ raw: writer.finish(quarantined) });
}

test('each example is calibrated by its own fit, and keeps its embedding', async () => {
  const labels = store();
  const none = { scale: 1, bias: [0, 0] };
  const toSecond = { scale: 1, bias: [-1, 1] };
  const bytes = await calibrateLabels(labels, keys, decisions, (id) =>
    id === 'a' ? toSecond : none,
  );
  await labels.write('calibrated', bytes);

  const [a, b] = await collect(readLabels(labels, 'calibrated'));
  expect(a!.probabilities).toEqual(calibrate(raw.slice(0, 2), toSecond));
  expect(a).toMatchObject({ id: 'a', predictions: Int32Array.of(1), votes: undefined });
  expect(a!.margins[0]).toBeCloseTo(a!.probabilities[1]! - a!.probabilities[0]!, 6);
  expect(b).toMatchObject({ id: 'b', predictions: Int32Array.of(1), probabilities: raw.slice(2) });
  expect(b!.embedding).toEqual(Float32Array.of(4, 5, 6));
  expect(await readLabelsSummary(labels, 'calibrated')).toEqual({ labeled: 2, quarantined });
});

test('the probabilities before calibration are beside the others', async () => {
  const labels = store();
  const bytes = await calibrateLabels(labels, keys, decisions, () => ({
    scale: 2,
    bias: [1, -1],
  }));
  await labels.write('calibrated', bytes);
  for await (const { column } of readResult(labels, 'calibrated', ['id', 'rawProbabilities'])) {
    const rows = [0, 1].map((row) => floatsAt(column('rawProbabilities'), row));
    expect(rows).toEqual([raw.slice(0, 2), raw.slice(2)]);
  }
});

test('a shard without usable examples stays one', async () => {
  const empty = new MemoryStore({ raw: createLabelsWriter('raw', decisions).finish(quarantined) });
  const bytes = await calibrateLabels(empty, keys, decisions, () => ({ scale: 2, bias: [0, 0] }));
  await empty.write('calibrated', bytes);
  expect(await collect(readLabels(empty, 'calibrated'))).toEqual([]);
  expect(await readLabelsSummary(empty, 'calibrated')).toEqual({ labeled: 0, quarantined });
});
