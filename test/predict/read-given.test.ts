import { expect, test } from 'vitest';
import { columnsOfFeatures } from '../../src/data/columns-of-features.ts';
import type { Features } from '../../src/data/features/index.ts';
import { formats } from '../../src/data/formats/index.ts';
import { readGiven } from '../../src/predict/read-given.ts';
import { collect } from '../support/examples.ts';
import { MemoryStore } from '../support/memory-store.ts';

const features: Features = {
  kind: 'row',
  columns: [
    { kind: 'numeric', name: 'age', mean: 40, std: 10 },
    { kind: 'categorical', name: 'country', values: ['DE', 'FR'] },
  ],
  missing: ['?'],
};
const config = columnsOfFeatures(features, { classes: ['no', 'yes'], missing: ['?'] });

/** Reads files of a table as a student of rows does, or another one. */
async function read(files: Record<string, string>, student = config) {
  const store = new MemoryStore(files);
  async function* list() {
    for await (const { key, version, bytes } of store.list('')) {
      const format = key.endsWith('.csv') ? formats.csv : formats.jsonl;
      yield { store, format, piece: { key, version, bytes, name: key } };
    }
  }
  return collect(readGiven(list(), student));
}

test('rows may lack values, and columns that are read may be in any order', async () => {
  const items = await read({
    'test/a.csv': 'country,label,age\nDE,yes,3\n,no,?\n',
    'b.jsonl': '{"age":1}\n{"country":"FR"}\n{}\n',
  });
  expect(items.map(({ id }) => id)).toEqual([
    ...['b.jsonl:0', 'b.jsonl:1', 'b.jsonl:2'],
    ...['test/a.csv:0', 'test/a.csv:1'],
  ]);
});

test('a row that is too long is one row, whatever its lines', async () => {
  const long = `"${'x\n'.repeat(2 ** 23)}"`;
  const items = await read({ 'a.csv': `id,age,country\nfirst,${long},DE\nsecond,2,FR\n` });
  expect(items[0]).toMatchObject({ id: 'a.csv:0', lost: 2 ** 23 + 1 });
  expect(items[1]).toMatchObject({ id: 'second', location: 'a.csv:1' });
});

test('rows that cannot be used are reported before a column is found to be lacking', async () => {
  const store = new MemoryStore({ 'a.jsonl': `${'{bad\n'.repeat(3)}{"age":1}\n` });
  const { version, bytes } = (await store.head('a.jsonl'))!;
  async function* list() {
    const piece = { key: 'a.jsonl', version, bytes, name: 'a.jsonl' };
    yield { store, format: formats.jsonl, piece };
  }
  const seen: string[] = [];
  const reading = async () => {
    for await (const { id } of readGiven(list(), config)) seen.push(id);
  };
  await expect(reading()).rejects.toThrow('lacks the column country');
  expect(seen).toEqual(['a.jsonl:0', 'a.jsonl:1', 'a.jsonl:2']);
});

test.each([
  [
    'another spelling',
    { 'a.csv': 'Age,country,x\n1,DE,2\n' },
    'a.csv lacks the column age, which the student reads. Its other columns: Age, x',
    "Perhaps rename 'Age' to 'age'. ",
  ],
  [
    'no column of the training',
    { 'a.jsonl': '{"a":1}\n{"b":1}\n' },
    'a.jsonl lacks 2 columns age, country, which the student reads. Its other columns: a, b',
    'Give the columns',
  ],
  [
    'a column that no row has',
    { 'a.jsonl': '{"age":1}\n'.repeat(1_200) },
    'a.jsonl lacks the column country in its first 1,000 rows, which the student reads',
    'null in JSON',
  ],
  [
    'columns in the second file only',
    { 'a.csv': 'age,country\n1,DE\n', 'b.csv': 'age\n2\n' },
    'b.csv lacks the column country',
    'Give the columns',
  ],
])('a table with %s is refused', async (_, files, message, hint) => {
  const error: unknown = await read(files).catch((error: unknown) => error);
  expect(error).toMatchObject({ name: 'UserError', message: expect.stringContaining(message) });
  expect(error).toHaveProperty('hint', expect.stringContaining(hint));
});

test('texts of several columns may lack one of them in some rows, but not in all', async () => {
  const texts = columnsOfFeatures(
    { kind: 'text', maxCharacters: 100 },
    { classes: ['no', 'yes'], missing: [], columns: ['title', 'body'] },
  );
  const some = '{"title":"late"}\n{"title":"late","body":"again"}\n';
  expect(await read({ 'a.jsonl': some, 'b.csv': 'title,body\nlate,\n' }, texts)).toHaveLength(3);
  await expect(read({ 'a.jsonl': '{"title":"late","Body":"again"}\n' }, texts)).rejects.toThrow(
    'a.jsonl lacks the column body, which the student reads. Its other columns: Body',
  );
});
