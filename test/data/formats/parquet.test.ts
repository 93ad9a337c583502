import { describe, expect, test } from 'vitest';
import { UserError } from '../../../src/errors.ts';
import { datasetOf, fixture, readSet, shardsOf, sorted } from '../../support/examples.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { readerConfig } from '../../support/reader-config.ts';

const rows = readerConfig('row', { format: 'parquet' });

describe('rows', () => {
  test.each([...['people-snappy', 'people-zstd', 'people-gzip', 'people-none', 'no-dictionary']])(
    '%s',
    async (name) => {
      const store = await datasetOf({ 'labeled/a.parquet': `parquet/${name}.parquet` });
      const { examples, reasons } = sorted(await readSet(store, rows));
      expect(reasons.size).toBe(0);
      expect(examples).toHaveLength(10);
      expect(examples[0]).toEqual({
        id: 'p0',
        label: '0',
        content: {
          kind: 'row',
          columns: {
            id: 'p0',
            age: 30,
            big: '1152921504606846976',
            height: 1.5,
            town: 'Rome',
            member: 'true',
            since: '2020-01-02T00:00:00.000Z',
            label: 0,
          },
        },
      });
      const column = (name: string) =>
        examples.map(({ content }) => (content.kind === 'row' ? content.columns[name] : undefined));
      expect(column('age').slice(0, 3)).toEqual([30, null, 41]);
      expect(column('height').slice(0, 5)).toEqual([1.5, 1.75, null, 2, null]);
      // As written: a user-supplied teacher may have learned spaces and "?".
      const towns = ['?', null, 'Rome', 'Oslo', 'Rome', 'Bonn', 'Rome', ' Oslo '];
      expect(column('town').slice(2)).toEqual(towns);
      expect(column('member').slice(0, 3)).toEqual(['true', 'false', null]);
    },
  );

  test('a row without an id column has its number', async () => {
    const store = await datasetOf({ 'labeled/b/a.parquet': 'parquet/image-bytes.parquet' });
    const items = await readSet(store, readerConfig('image', { format: 'parquet' }));
    expect(items.map(({ id }) => id)).toEqual([0, 1, 2, 3].map((row) => `b/a.parquet:${row}`));
  });
});

describe('images', () => {
  const config = readerConfig('image', { format: 'parquet' });

  test('structs with bytes, as Hugging Face writes them, and bytes are the same images', async () => {
    const store = await datasetOf({
      'labeled/a.parquet': 'parquet/hugging-face.parquet',
      'labeled/b.parquet': 'parquet/image-bytes.parquet',
    });
    const { examples, reasons } = sorted(await readSet(store, config));
    expect(examples.map(({ label }) => label)).toEqual(['0', '1', '2', 'a', 'b']);
    expect(examples.slice(0, 2).map(({ content }) => content)).toEqual(
      examples.slice(3).map(({ content }) => content),
    );
    expect([...reasons.keys()]).toEqual(['a.parquet:3', 'b.parquet:2', 'b.parquet:3']);
    expect(reasons.get('a.parquet:3')).toContain("column 'image' has only the path 'gone.png'");
    expect(reasons.get('b.parquet:2')).toBe('It has no label.');
    expect(reasons.get('b.parquet:3')).toContain("column 'image' has no image");
  });
});

describe('vectors', () => {
  test('lists of floats; null and missing ids are rejected', async () => {
    const store = await datasetOf({
      'labeled/a.parquet': 'parquet/vectors.parquet',
      'unlabeled/a.parquet': 'parquet/vectors-fixed.parquet',
    });
    const config = readerConfig('vector', { format: 'parquet' });
    const { examples, reasons } = sorted(await readSet(store, config));
    expect(
      examples.map(({ id, content }) => [id, content.kind === 'vector' && [...content.values]]),
    ).toEqual([
      ['5', [1, 2, 3.5]],
      ['6', [4, Number.POSITIVE_INFINITY, 6]],
      ['8', [1]],
    ]);
    expect([...reasons.keys()]).toEqual(['7', 'a.parquet:4']);
    const fixed = sorted(await readSet(store, config, 'unlabeled')).examples;
    expect(fixed.map(({ label, content }) => [label, content])).toEqual([
      [undefined, { kind: 'vector', values: Float32Array.of(1, 2, 3.5) }],
      [undefined, { kind: 'vector', values: Float32Array.of(4, 5, 6) }],
    ]);
  });
});

describe('errors', () => {
  test('a file that is not Parquet fails the cut and is named', async () => {
    const store = await datasetOf({ 'labeled/bad.parquet': 'csv/good.csv' });
    await expect(shardsOf(store, rows)).rejects.toThrow(
      expect.objectContaining({
        name: 'UserError',
        message: expect.stringContaining("'labeled/bad.parquet' is not a Parquet file"),
      }),
    );
    const empty = new MemoryStore({ 'labeled/empty.parquet': '' });
    await expect(shardsOf(empty, rows)).rejects.toThrow(
      /'labeled\/empty.parquet' is not a Parquet file: it has only 0 bytes/,
    );
  });

  test('damaged pages are rejected; the row groups after them are read', async () => {
    const store = await datasetOf({ 'labeled/a.parquet': 'parquet/damaged.parquet' });
    const { examples, reasons } = sorted(await readSet(store, rows));
    expect([...reasons]).toEqual([['a.parquet:0-4', expect.stringContaining('damaged')]]);
    expect(examples.map(({ id }) => id)).toEqual(['p4', 'p5', 'p6', 'p7', 'p8', 'p9']);
  });

  test('a missing column is named with the present columns', async () => {
    const store = await datasetOf({ 'labeled/a.parquet': 'parquet/people-none.parquet' });
    const config = readerConfig('row', { format: 'parquet' }, { target: 'income' });
    await expect(readSet(store, config)).rejects.toThrow(UserError);
    await expect(readSet(store, config)).rejects.toThrow(
      /no column 'income' \(task.target\).* id, age, big/,
    );
  });
});

test('large files are cut at row groups, and only the needed bytes are read', async () => {
  const body = await fixture('parquet/people-none.parquet');
  const store = new MemoryStore({ 'labeled/a.parquet': body });
  const config = readerConfig('row', { format: 'parquet', shardMiB: 1e-4 });
  const shards = await shardsOf(store, config);
  expect(shards.map(({ pieces }) => pieces.map(({ rows }) => rows))).toEqual([
    [{ start: 0, end: 4 }],
    [{ start: 4, end: 8 }],
    [{ start: 8, end: 10 }],
  ]);
  const whole = await readSet(store, rows);
  expect(await readSet(store, config)).toEqual(whole);
});
