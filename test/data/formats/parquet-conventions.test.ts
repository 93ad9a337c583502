/** Parquet files as Hugging Face, Spark and pandas write them: test/fixtures/make-parquet.py. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cutShards, type TableFile } from '../../../src/data/cut.ts';
import { readSparkVector } from '../../../src/data/features/spark-vector.ts';
import { isComplete } from '../../../src/data/layout.ts';
import { LeftOutFiles } from '../../../src/data/left-out.ts';
import { partitionsOf } from '../../../src/data/partitions.ts';
import { collect, datasetOf, readSet, sorted } from '../../support/examples.ts';
import { readerConfig } from '../../support/reader-config.ts';

const rows = (more: Record<string, unknown> = {}) =>
  readerConfig('row', { format: 'parquet' }, more);

async function read(name: string, config = rows(), key = 'labeled/a.parquet') {
  const store = await datasetOf({ [key]: `parquet/conventions/${name}.parquet` });
  return sorted(await readSet(store, config));
}

test('numbers of classes are read as the names that the file has for them', async () => {
  const { examples } = await read('hf-stars', rows({ target: 'stars', classes: ['1', '2', '3'] }));
  expect(examples.map(({ label }) => label).slice(-3)).toEqual(['2', '3', '1']);
  const spark = readerConfig(
    'vector',
    { format: 'parquet', label: 'indexed' },
    { classes: ['no', 'yes'] },
  );
  const vectors = await read('spark-vectors', spark);
  expect(vectors.examples.slice(0, 2)).toMatchObject([
    { label: 'yes', content: { values: Float32Array.of(0, 1, 2) } },
    { label: 'no', content: { values: Float32Array.of(0, 0, 1) } },
  ]);
});

test('a sparse vector of Spark with an index beyond its size is not a vector', () => {
  const sparse = { type: 0, size: 3, values: [2, 4] };
  expect(readSparkVector({ ...sparse, indices: [0, 2] })).toEqual([2, 0, 4]);
  expect(readSparkVector({ ...sparse, indices: [0, 3] })).toBeUndefined();
});

test('a config whose classes are other numbers gets the numbers', async () => {
  const config = readerConfig('image', { format: 'parquet' });
  const { examples, reasons } = await read('hf-images', config);
  expect(examples.map(({ label }) => label)).toEqual(['0', '1', '0', '1']);
  expect(reasons.get('a.parquet:0')).toContain("Its column 'image' has no image; expected");
  expect(reasons.get('a.parquet:1')).toContain("has only the path '/data/1.png' of an image");
});

test('a number beyond the names is refused', async () => {
  const stars = rows({ target: 'stars', classes: ['1', '2', '3'] });
  await expect(read('hf-stars-beyond', stars)).rejects.toThrow(
    "Row 0 of 'labeled/a.parquet' has 3 in the column 'stars', and the file's metadata names only 3 classes: 1, 2, 3.",
  );
});

test('an index of pandas is a feature only if the task names it', async () => {
  const columnsOf = async (more: Record<string, unknown>) => {
    const { examples } = await read('pandas-named-index', rows({ target: 'kind', ...more }));
    const [first] = examples;
    return first?.content.kind === 'row' ? Object.keys(first.content.columns) : [];
  };
  expect(await columnsOf({})).toEqual(['x1', 'kind']);
  expect(await columnsOf({ numeric: ['x1', 'passenger'] })).toEqual(['x1', 'kind', 'passenger']);
});

test('single values of every type', async () => {
  const { examples } = await read('types');
  const x1 = expect.any(Number);
  const common = { day: '2024-01-01T00:00:00.000Z', half: 0.5, none: null, 'a.b': x1 };
  expect(examples.slice(0, 2).map(({ label, content }) => [label, content])).toEqual([
    [
      '0',
      {
        kind: 'row',
        columns: {
          ...{ ...common, price: 1.5, when: '2024-01-01T00:00:00.000Z', code: 'e4', word: 'a' },
          label: 0,
        },
      },
    ],
    [
      '1',
      {
        kind: 'row',
        columns: { ...common, price: null, when: null, code: 'f6', word: null, label: 1 },
      },
    ],
  ]);
  const nullable = await read('pandas-nullable', rows({ target: 'kind' }));
  expect(nullable.examples.slice(0, 2).map(({ content }) => content)).toEqual([
    { kind: 'row', columns: { n: 1, b: 'true', kind: 'a' } },
    { kind: 'row', columns: { n: null, b: null, kind: 'b' } },
  ]);
});

test('Plan gets the columns that rows cannot have', async () => {
  const names = { 'labeled/a.parquet': 'nested', 'labeled/b.parquet': 'pandas-named-index' };
  const store = await datasetOf(
    Object.fromEntries(
      Object.entries(names).map(([key, name]) => [key, `parquet/conventions/${name}.parquet`]),
    ),
  );
  const files: TableFile[] = [];
  const add = (file: TableFile) => files.push(file);
  await collect(cutShards(store, 'labeled', 'labeled/', rows(), new LeftOutFiles('labeled'), add));
  expect(files.map(({ unread = [] }) => unread.map(({ name, reason }) => [name, reason]))).toEqual([
    [
      ['place', 'structs of x, y; a row has single values'],
      ['tags', 'lists of texts; a row has single values'],
      ['more', 'maps; a row has single values'],
    ],
    [['passenger', 'the index of a pandas data frame']],
  ]);
});

test('a column of another type than the config needs is refused with its type', async () => {
  const vectors = (column: string) =>
    readerConfig('vector', { format: 'parquet', vector: column }, { length: 4 });
  await expect(read('list-of-lists', vectors('image'))).rejects.toThrow(
    "The column 'image' (data.vector) of 'labeled/a.parquet' has lists of lists of numbers; expected a list of numbers per row.",
  );
  await expect(read('list-of-texts', vectors('features'))).rejects.toThrow('lists of texts');
  await expect(read('table', vectors('x1'))).rejects.toThrow('has numbers; expected a list');
  await expect(read('list-label')).rejects.toThrow(
    "The column 'label' of 'labeled/a.parquet' has lists of integers; the class is one text or number per row.",
  );
  const images = readerConfig('image', { format: 'parquet', image: 'x1' });
  await expect(read('table', images)).rejects.toThrow('expected the bytes of a file');
});

test('a class in the path that differs from the one in the file is quarantined', async () => {
  for (const folder of ['label=1', 'label=1.0', 'label=%201']) {
    const { examples } = await read('table', rows(), `labeled/${folder}/a.parquet`);
    expect(examples).toHaveLength(12);
  }
  const { reasons } = await read('table', rows(), 'labeled/label=1/a.parquet');
  expect(reasons.get('label=1/a.parquet:0')).toBe(
    "Its column 'label' has '0', but its path has 'label=1'.",
  );
});

test('columns in paths are decoded', () => {
  expect([...partitionsOf('labeled/label=a%2Fb/y=__HIVE_DEFAULT_PARTITION__/p=1.parquet')]).toEqual(
    [
      ['label', 'a/b'],
      ['y', null],
    ],
  );
  expect([...partitionsOf('unlabeled/monday/share=50%/a.parquet')]).toEqual([['share', '50%']]);
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (name, value) => {
      fc.pre(!name.includes('=') && value !== '__HIVE_DEFAULT_PARTITION__');
      const folder = [name, value].map(encodeURIComponent).join('=');
      expect([...partitionsOf(`labeled/${folder}/a.parquet`)]).toEqual([[name, value]]);
    }),
  );
});

test('a marker beside the folders of partitions completes them', () => {
  expect(isComplete('date=1', [''])).toBe(true);
  expect(isComplete('date=1', ['date=1'])).toBe(true);
  expect(isComplete('date=1', ['date=2'])).toBe(false);
  expect(isComplete('monday', [''])).toBe(false);
});
