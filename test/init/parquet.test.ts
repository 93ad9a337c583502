import { expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { UserError } from '../../src/errors.ts';
import { inspect } from '../../src/init/inspect.ts';
import { writeConfig } from '../../src/init/write-config.ts';
import { datasetOf, fixture } from '../support/examples.ts';
import { MemoryStore } from '../support/memory-store.ts';

/** Returns the fixture of a name: Parquet files as other tools write them. */
function file(name: string): string {
  return `parquet/conventions/${name}.parquet`;
}

/** Inspects a dataset: fixtures by key, or one fixture as the only file of the labeled set. */
async function found(files: string | Record<string, string>) {
  const all = typeof files === 'string' ? { 'labeled/a.parquet': files } : files;
  const entries = Object.entries(all).map(([key, name]) => [key, file(name)]);
  const store = await datasetOf(Object.fromEntries(entries));
  const { config, notes, columns = [], questions } = await inspect(store);
  const written = writeConfig(config, columns, questions);
  expect(parseConfig(written, 'distill.yaml')).toMatchObject(config);
  const { task, data } = config;
  return { config, task, data, notes: notes.join('\n'), written, columns };
}

async function refusal(files: string | Record<string, string>): Promise<string> {
  const error = await found(files).catch((error: unknown) => error);
  if (!(error instanceof UserError)) throw error;
  return `${error.message} ${error.hint}`;
}

test('Hugging Face images: the type shows them if the first rows have no bytes', async () => {
  const { task, notes } = await found('hf-images');
  expect(task).toMatchObject({ type: 'image-classification', size: [4, 4] });
  expect(task.classes).toEqual(['owl', 'cat', 'dog']);
  expect(notes).toContain('4 labeled examples of 2 classes.');
  expect(notes).toContain('The names of the classes are in the metadata of labeled/a.parquet.');
});

test('images of which there are only paths, and files that are not images, are refused', async () => {
  expect(await refusal('hf-paths')).toContain("has only the path '0.png' of an image");
  expect(await refusal('hf-audio')).toContain(
    'no column to learn from: audio has structs of bytes, path',
  );
  expect(await refusal('spark-images')).toContain('image has structs of origin, height');
  expect(await refusal('bmp')).toContain('image has bytes. For images, write the bytes of JPEG');
});

test('the class is the column whose classes the file names', async () => {
  const stars = await found('hf-stars');
  expect(stars.task).toMatchObject({ target: 'stars', classes: ['1', '2', '3'] });
  const two = await found('hf-two-labels');
  expect(two.data).toMatchObject({ label: 'fine', image: 'img' });
  expect(two.task.classes).toEqual(['oak', 'elm', 'cod', 'eel']);
  expect(two.notes).toContain('Not used: coarse.');
  const spark = await found('spark-vectors');
  expect(spark.task).toMatchObject({ type: 'vector-classification', length: 3 });
  expect(spark.task.classes).toEqual(['yes', 'no']);
});

test.each(['spark-empty', 'spark-no-groups'])('%s: the next file is looked at', async (name) => {
  const files = { 'labeled/part-0.snappy.parquet': name, 'labeled/part-1.snappy.parquet': 'table' };
  expect((await found(files)).task).toMatchObject({ target: 'label', classes: ['0', '1'] });
  expect(await refusal(name)).toContain('labeled/ has no rows: init looked at 1 parquet file.');
});

test('folders such as label=0 are columns', async () => {
  const { task, notes } = await found({
    'labeled/label=caf%C3%A9/part-0.parquet': 'no-label',
    'labeled/label=tea/part-0.parquet': 'no-label',
    'unlabeled/date=2024-01-01/part-0.parquet': 'no-label',
  });
  expect(task).toEqual({
    type: 'tabular-classification',
    target: 'label',
    classes: ['café', 'tea'],
  });
  expect(notes).toContain('48 labeled examples of 2 classes.');
  // A folder that unlabeled/ has too is not the class; the last column of the files is.
  const dates = await found({
    'labeled/kind=a/date=2024-01-01/part-0.parquet': 'no-label',
    'labeled/kind=b/date=2024-01-01/part-0.parquet': 'no-label',
    'unlabeled/date=2024-01-01/part-0.parquet': 'no-label',
  });
  expect(dates.task).toMatchObject({ target: 'kind', classes: ['a', 'b'] });
});

test('unfinished output of Spark is not data, and a table with versions is refused', async () => {
  const files = {
    'labeled/_temporary/0/part-0.parquet': 'fractions',
    'labeled/a.parquet': 'table',
  };
  expect((await found(files)).notes).toContain('24 labeled examples');
  const body = await fixture(file('table'));
  const versions = { 'labeled/_delta_log/00.json': '{}', 'labeled/a.parquet': body };
  await expect(inspect(new MemoryStore(versions))).rejects.toThrow(/a table with versions/);
});

test('an index of pandas is not the class', async () => {
  for (const name of ['pandas-index', 'pandas-named-index', 'pandas-range']) {
    const { task, notes } = await found(name);
    expect(task).toMatchObject({ target: 'kind', classes: ['a', 'b'] });
    expect(notes.includes('the index of a pandas data frame')).toBe(name !== 'pandas-range');
  }
});

test('a table with a column of lists stays a table, and the note names the lists', async () => {
  const { task, notes, columns } = await found('table-with-list');
  expect(columns.at(-1)).toMatchObject({
    name: 'bbox',
    use: 'none',
    notes: ['lists of numbers; a row has single values'],
  });
  expect(task.type).toBe('tabular-classification');
  expect(notes).toContain('Left out: bbox (lists of 4 numbers), because a row has single values.');
  expect(notes).toContain(
    'set task.type: vector-classification, task.length: 4 and data.vector: bbox.',
  );
  const nested = await found('nested');
  expect(nested.task.type).toBe('tabular-classification');
  expect(nested.notes).toContain('Left out: place (structs of x, y)');
  expect(nested.notes).toContain('Left out: tags (lists of texts)');
  expect(nested.notes).toContain('Left out: more (maps)');
});

test('lists are vectors if they are the only feature; of several, the user chooses', async () => {
  const only = await found('list-only');
  expect(only.task).toMatchObject({ type: 'vector-classification', length: 4 });
  expect(only.data).toMatchObject({ vector: 'embedding' });
  expect(only.notes).toContain('Not used: text.');
  expect((await found('list-older')).task).toMatchObject({ length: 4 });
  const two = await found('two-lists');
  expect(two.data).toMatchObject({ vector: 'short' });
  const question =
    '2 columns can be the content: short (lists of 2 numbers), long (lists of 4 numbers). ' +
    'distill.yaml takes short; with another one, set task.length too.';
  expect(two.notes).toContain(`Choose data.vector: ${question}`);
  expect(two.written).toContain(`  # Choose: ${question}\n  vector: short\n`);
});

test('lists of bytes are images, and lists of several lengths are named', async () => {
  expect((await found('list-of-bytes')).task).toMatchObject({
    type: 'image-classification',
    size: [4, 4],
  });
  expect((await found('list-ragged')).notes).toContain('features has lists of 1 to 3 numbers');
});

test('lists of lists and of texts are refused', async () => {
  const message = await refusal('list-of-lists');
  expect(message).toContain('no column to learn from: image has lists of lists of numbers');
  expect(message).toContain('Flatten each value into one list of numbers');
  expect(await refusal('list-of-texts')).toContain('features has lists of texts');
});

test('numbers with decimals are not classes, unless they are few', async () => {
  const message = await refusal('fractions');
  expect(message).toContain('price, chosen because it is the last, has numbers with decimals');
  expect(message).toContain('labeled/label=cat/');
  expect(await refusal('several-labels')).toContain('labels" are lists of 0 and 1, as of a 0 or 1');
  expect((await found('half-stars')).task.classes).toEqual(['0.5', '1', '1.5']);
});

test.each([
  ['label-lists', { label: 'genres' }, ['comedy', 'drama'], 'column genres, chosen by its name'],
  ['hf-labels-sequence', { label: 'labels' }, ['joy', 'anger', 'fear'], 'names of the classes'],
  [
    'hf-labels-list',
    { label: 'labels' },
    ['joy', 'anger', 'fear'],
    '3 labeled examples with lists',
  ],
  [
    'hf-labels-older',
    { label: 'labels' },
    ['joy', 'anger', 'fear'],
    'lists of 2 classes, 1.0 per example.',
  ],
])('lists of classes in %s make a multi-label task', async (name, data, classes, note) => {
  const { config, notes } = await found(name);
  const task = { type: 'text-classification', text: 'text', multiLabel: true, classes };
  expect(config).toMatchObject({ task, data, method: 'weighted', compare: ['uniform'] });
  expect(notes).toContain(note);
});

test('texts that are not UTF-8, and two columns of one name, are refused', async () => {
  expect(await refusal('latin')).toContain(
    "Row 1 of 'labeled/a.parquet' has a text in the column 'town' that is not UTF-8: 'Köln'.",
  );
  expect(await refusal('twice')).toContain("'labeled/a.parquet' has the column 'x' twice.");
});
