import { expect, test } from 'vitest';
import { createSetMeter } from '../../src/cost/set-size.ts';
import type { FormatName } from '../../src/data/formats/index.ts';
import type { Piece, Shard } from '../../src/data/shard.ts';

const piece = (key: string, bytes: number, more: Partial<Piece> = {}): Piece => ({
  key,
  version: 'v',
  bytes,
  ...more,
});
const shard = (set: Shard['set'], pieces: Piece[], part?: Shard['part']): Shard => ({
  id: `${set}-${pieces[0]!.key}`,
  set,
  pieces,
  ...(part && { part }),
});

function measureSets(shards: Shard[], format: FormatName, labeledExamples: number) {
  const meter = createSetMeter(format);
  for (const shard of shards) meter.add(shard);
  return meter.sizes(labeledExamples, ['labeled']);
}

test('rows of Parquet files are counted, of a cut file once', () => {
  const rows = (start: number, end: number) => piece('a.parquet', 5_000, { rows: { start, end } });
  const { unlabeled, labeled } = measureSets(
    [shard('unlabeled', [rows(0, 30)]), shard('unlabeled', [rows(30, 50)])],
    'parquet',
    0,
  );
  expect(unlabeled).toEqual({ shards: 2, pieces: 2, bytes: 5_000, examples: 50, counted: true });
  expect(labeled).toEqual({ shards: 0, pieces: 0, bytes: 0, examples: 0, counted: true });
});

test('parts of a CSV file tell their rows and their bytes', () => {
  const part = (start: number, end: number) =>
    piece('a.csv', 1_000, { rows: { start, end }, range: { start: 10 * start, end: 10 * end } });
  const { unlabeled } = measureSets(
    [shard('unlabeled', [part(0, 40)]), shard('unlabeled', [part(40, 99)])],
    'csv',
    0,
  );
  expect(unlabeled).toMatchObject({ bytes: 990, examples: 99, counted: true });
});

test('an image is an example', () => {
  const images = ['a', 'b', 'c'].map((name) => piece(`${name}.jpg`, 100));
  const { test: set } = measureSets([shard('test', images)], 'images', 0);
  expect(set).toEqual({ shards: 1, pieces: 3, bytes: 300, examples: 3, counted: true });
});

test('an archive holds as many as the labeled ones did, byte for byte', () => {
  const shards = [
    shard('labeled', [piece('labeled/a.tar', 2_000)]),
    shard('unlabeled', [piece('b.tar', 30_000), piece('c.tar', 10_000)]),
  ];
  const { labeled, unlabeled } = measureSets(shards, 'webdataset', 20);
  expect(labeled).toMatchObject({ examples: 20, counted: false });
  expect(unlabeled).toEqual({
    shards: 1,
    pieces: 2,
    bytes: 40_000,
    examples: 400,
    counted: false,
  });
});

test('a set that is split has its share of both', () => {
  const pieces = [piece('labeled/a.tar', 1_000)];
  const shards = [
    shard('labeled', pieces, { seed: 1, from: 0.25, to: 1 }),
    shard('validation', pieces, { seed: 1, from: 0, to: 0.25 }),
  ];
  // 75 of about 100 examples were read.
  const { labeled, validation } = measureSets(shards, 'webdataset', 75);
  expect(labeled).toMatchObject({ bytes: 750, examples: 75, counted: false });
  expect(validation).toMatchObject({ bytes: 250, examples: 25, counted: false });
});
