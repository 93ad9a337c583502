import { expect, test } from 'vitest';
import type { ReadConfig } from '../../../src/data/config.ts';
import { featuresSchema, fitFeatures } from '../../../src/data/features/index.ts';
import { readExamples } from '../../../src/data/read.ts';
import type { ObjectStore } from '../../../src/store/store.ts';
import { datasetOf, fixture, shardsOf } from '../../support/examples.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { readerConfig } from '../../support/reader-config.ts';

async function fitted(store: ObjectStore, config: ReadConfig) {
  const [shard] = await shardsOf(store, config);
  const features = await fitFeatures(config.task, config.data, readExamples(store, shard!, config));
  return featuresSchema.parse(features);
}

function csv(text: string) {
  return new MemoryStore({ 'labeled/a.csv': text });
}

test('images: mean and standard deviation of each channel', async () => {
  const store = await datasetOf({
    'labeled/a/rgb.png': 'pictures/rgb.png',
    'labeled/a/bad.png': 'pictures/not-an-image.png',
    'labeled/b/grey.png': 'pictures/grey.png',
  });
  const features = await fitted(
    store,
    readerConfig('image', { format: 'images' }, { size: [8, 6] }),
  );
  const { exact } = JSON.parse(String(await fixture('expected.json'))) as {
    exact: Record<string, number[]>;
  };
  const pixels = [...exact['rgb.png']!, ...exact['grey.png']!];
  for (const channel of [0, 1, 2]) {
    const values = pixels.filter((_, index) => index % 3 === channel).map((value) => value / 255);
    const mean = values.reduce((sum, value) => sum + value) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    if (features.kind !== 'image') throw new Error(features.kind);
    expect(features.mean[channel]).toBeCloseTo(mean, 12);
    expect(features.std[channel]).toBeCloseTo(Math.sqrt(variance), 12);
  }
});

test('images: the task may give the resize, and the mean and the standard deviation', async () => {
  const store = await datasetOf({ 'labeled/a/rgb.png': 'pictures/rgb.png' });
  const fittedWith = (preprocess: object) =>
    fitted(store, readerConfig('image', { format: 'images' }, { size: [6, 6], preprocess }));
  expect(await fittedWith({ preset: 'keras-mobilenet' })).toMatchObject({
    height: 6,
    mean: [0.5, 0.5, 0.5],
    std: [0.5, 0.5, 0.5],
    pixels: { filter: 'bilinear-no-antialias', resized: { height: 6, width: 6 } },
  });
  // 8 x 6 pixels, of which the middle 6 rows remain: their mean is fitted.
  const cropped = await fittedWith({ resize: { fit: 'shortest-side-then-center-crop' } });
  const { exact } = JSON.parse(String(await fixture('expected.json')));
  const reds = exact['rgb.png'].filter((_: number, index: number) => index % 3 === 0);
  const middle: number[] = reds.slice(6, 42);
  if (cropped.kind !== 'image') throw new Error(cropped.kind);
  const mean = middle.reduce((sum, value) => sum + value / 255, 0) / middle.length;
  expect(cropped.mean[0]).toBeCloseTo(mean, 12);
});

test('rows: finds the kinds of columns, and sorts values by frequency and then by name', async () => {
  const store = csv(
    'id,n,constant,c,mixed,empty,label\n' +
      'a,1,5,x,1,,yes\nb,2,5,y,2,,no\nc,?,5,z,u,,yes\nd,6,5,z,2,NA,no\ne,3,5,y,,,no\n',
  );
  expect(await fitted(store, readerConfig('row', { format: 'csv' }))).toEqual({
    kind: 'row',
    columns: [
      { kind: 'categorical', name: 'c', values: ['y', 'z', 'x'] },
      { kind: 'categorical', name: 'mixed', values: ['2', '1', 'u'] },
      { kind: 'numeric', name: 'n', mean: 3, std: Math.sqrt(3.5), range: [1, 6] },
    ],
    missing: ['', '?', 'NA'],
  });
});

test('rows: the task names columns', async () => {
  const store = csv('zip,x,y,label\n10,1,a,yes\n20,2,b,no\n10,3,b,no\n');
  const named = { numeric: ['x'], categorical: ['zip'] };
  expect(await fitted(store, readerConfig('row', { format: 'csv' }, named))).toMatchObject({
    columns: [
      { kind: 'numeric', name: 'x', mean: 2 },
      { kind: 'categorical', name: 'zip', values: ['10', '20'] },
    ],
  });
  const numbersNamed = await fitted(
    store,
    readerConfig('row', { format: 'csv' }, { numeric: ['x'] }),
  );
  expect(numbersNamed).toMatchObject({
    columns: [{ name: 'x' }, { kind: 'categorical', name: 'y' }],
  });
  await expect(
    fitted(store, readerConfig('row', { format: 'csv' }, { numeric: ['age'] })),
  ).rejects.toThrow("no column 'age'. Its columns: label, x, y, zip.");
});

test('rows: at most 1,000 values of a category', async () => {
  const rows = Array.from({ length: 1_500 }, (_, row) => `v${String(row).padStart(4, '0')},yes\n`);
  const features = await fitted(
    csv(`c,label\n${rows.join('')}v1499,no\n`),
    readerConfig('row', { format: 'csv' }, { categorical: ['c'] }),
  );
  if (features.kind !== 'row' || features.columns[0]?.kind !== 'categorical') throw new Error();
  expect(features.columns[0].values).toHaveLength(1_000);
  expect(features.columns[0].values.slice(0, 2)).toEqual(['v1499', 'v0000']);
});

test('a set without anything to learn is an error with the reason', async () => {
  const row = readerConfig('row', { format: 'csv' });
  await expect(fitted(csv('label\nyes\n'), row)).rejects.toThrow(
    /no column to learn from.*: label/,
  );
  await expect(fitted(csv('x,label\n1\n'), row)).rejects.toThrow(
    /no example that can be used.*Row 0 has 1 fields/,
  );
});

test('vectors have the length of the task', async () => {
  const store = await datasetOf({ 'labeled/a.parquet': 'parquet/vectors.parquet' });
  const config = readerConfig('vector', { format: 'parquet' });
  expect(await fitted(store, config)).toEqual({ kind: 'vector', length: 3 });
  const wrong = readerConfig('vector', { format: 'parquet' }, { length: 9 });
  await expect(fitted(store, wrong)).rejects.toThrow(/'5': Its vector has 3 numbers; expected 9/);
});
