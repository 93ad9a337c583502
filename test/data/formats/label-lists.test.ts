/** Labels of multi-label tasks, which are lists, in every format. */
import { expect, test } from 'vitest';
import type { ReadConfig } from '../../../src/data/config.ts';
import type { SetName } from '../../../src/data/shard.ts';
import { datasetOf, readSet, shardsOf, sorted } from '../../support/examples.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { readerConfig } from '../../support/reader-config.ts';

const several = { multiLabel: true, classes: ['joy', 'anger', 'fear'] };

async function labelsIn(files: Record<string, string>, config: ReadConfig, set?: SetName) {
  const { examples, reasons } = sorted(await readSet(new MemoryStore(files), config, set));
  return { labels: examples.map(({ label }) => label), reasons: [...reasons.values()] };
}

test.each([
  [
    'label-lists',
    { data: { label: 'genres' } },
    ['["comedy","drama"]', '[]', '["drama"]', '["drama","comedy","drama"]'],
  ],
  ['label-numbers', { data: { label: 'labels' } }, ['[0,2]', '[]', '[2]', '[1,-1]']],
  ['hf-labels-sequence', { data: { label: 'labels' } }, ['["joy","fear"]', '[]', '["fear"]']],
  ['hf-labels-list', { data: { label: 'labels' } }, ['["joy","fear"]', '[]', '["fear"]']],
  ['hf-labels-older', { data: { label: 'labels' } }, ['["joy","fear"]', '[]', '["fear"]']],
])('Parquet lists of %s are read; null is not an empty list', async (name, { data }, labels) => {
  const store = await datasetOf({ 'labeled/a.parquet': `parquet/conventions/${name}.parquet` });
  const config = readerConfig('text', { format: 'parquet', ...data }, several);
  const { examples, reasons } = sorted(await readSet(store, config));
  expect(examples.map(({ label }) => label)).toEqual(labels);
  expect([...reasons]).toEqual([['a.parquet:2', 'It has no label.']]);
  const single = readerConfig('text', { format: 'parquet', ...data });
  await expect(readSet(store, single)).rejects.toMatchObject({
    message: expect.stringMatching(
      /has lists of (texts|integers); the class is one text or number per row/,
    ),
    hint: expect.stringContaining('set task.multiLabel: true'),
  });
});

test('a list in JSON Lines is a label only in a multi-label task', async () => {
  const lines = [
    ...['["joy", "fear"]', '[]', '"joy;fear"', '"joy"', '2', '[true]', '"[]"'],
    ...['null', '""', '[null]', '[["joy"]]', '[12345678901234567890]', '{"joy": 1}'],
  ].map((label) => `{"text":"a b","label":${label}}`);
  const files = { 'labeled/a.jsonl': lines.join('\n') };
  expect(await labelsIn(files, readerConfig('text', { format: 'jsonl' }, several))).toEqual({
    labels: ['["joy","fear"]', '[]', 'joy;fear', 'joy', '2', '["true"]', '[]'],
    reasons: [
      'It has no label.',
      'It has no label.',
      "Its field 'label' has null in its list; expected texts or numbers.",
      "Its field 'label' has a list in its list; expected texts or numbers.",
      expect.stringContaining('JSON keeps only the first digits of so large a number'),
      "Its field 'label' is an object; expected one text or number.",
    ],
  });
  const single = await labelsIn(files, readerConfig('text', { format: 'jsonl' }));
  expect(single.reasons[0]).toBe(
    "Its field 'label' is a list; expected one text or number. If an example can have several classes, set task.multiLabel: true.",
  );
});

test('labels in CSV, in names of folders and of class folders are texts', async () => {
  const csv = (labels: string[]) => `text,label\n${labels.map((one) => `a b,${one}\n`).join('')}`;
  const rows = ['"[""joy"",""fear""]"', '[]', 'joy; fear', '', '-1'];
  const inCsv = await labelsIn(
    { 'labeled/a.csv': csv(rows), 'labeled/label=joy%3Bfear/b.csv': 'text\nc d\n' },
    readerConfig('text', { format: 'csv' }, several),
  );
  expect(inCsv.labels).toEqual(['["joy","fear"]', '[]', 'joy; fear', 'joy;fear']);
  expect(inCsv.reasons).toEqual(['It has no label.', expect.stringContaining('"no label"')]);
  const inFolders = await labelsIn(
    { 'labeled/joy;fear/a.txt': 'a b', 'labeled/[]/b.txt': 'c d', 'labeled/["joy"]/c.txt': 'e' },
    readerConfig('text', { format: 'texts' }, several),
  );
  expect(inFolders.labels.sort()).toEqual(['["joy"]', '[]', 'joy;fear']);
});

test('shards of another kind of task have other ids, if they have labels', async () => {
  const files = { 'labeled/a.csv': 'text,label\na,joy\n', 'unlabeled/a.csv': 'text\na\n' };
  const idOf = async (more: object, set: SetName) => {
    const config = readerConfig('text', { format: 'csv' }, { classes: several.classes, ...more });
    return (await shardsOf(new MemoryStore(files), config, set))[0]?.id;
  };
  expect(await idOf(several, 'labeled')).not.toBe(await idOf({}, 'labeled'));
  expect(await idOf({ multiLabel: false }, 'labeled')).toBe(await idOf({}, 'labeled'));
  expect(await idOf(several, 'unlabeled')).toBe(await idOf({}, 'unlabeled'));
});
