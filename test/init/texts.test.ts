import { describe, expect, test } from 'vitest';
import { formats } from '../../src/data/formats/index.ts';
import { findShape } from '../../src/init/suggest-columns.ts';
import { MemoryStore } from '../support/memory-store.ts';

const words =
  'the screen of this phone broke after two days and support left my mails unread'.split(' ');

/** A sentence of some words, another one per number. */
function sentence(number: number, length = 12): string {
  return Array.from({ length }, (_, at) => words[(number * 7 + at * (number + 1)) % words.length])
    .concat(`n${number}`)
    .join(' ');
}

/** Values of a column by the number of the row. */
type Column = (row: number) => string | number;

const columns = {
  id: (row: number) => `r${row}`,
  label: (row: number) => ['yes', 'no'][row % 2]!,
  text: sentence,
  title: (row: number) => sentence(row + 50, 4),
  url: (row: number) => `https://example.org/a/${row}`,
  date: (row: number) => `2024-01-${10 + row}`,
  path: (row: number) => `images/a-${row}.png`,
  city: (row: number) => ['New York City', 'Los Angeles Downtown', 'San Francisco Bay'][row % 3]!,
  name: (row: number) => `Smith, Mrs. Ann ${'abcdefghijklmnopqrst'[row]}`,
  age: (row: number) => 20 + ((row * 7) % 31),
  pixels: (row: number) => `${row} 70 80 82 72 58`,
  chat: (row: number) => [`[Bot] ${sentence(row)}`, `{${sentence(row)}}`, sentence(row)][row % 3]!,
  log: (row: number) => `[12:${row + 10}] ${sentence(row)}`,
  words: (row: number) => `['the list of words ${row}', 'and more of them']`,
  constant: () => 'en',
  repeated: (row: number) => sentence(row % 10),
  toxic: (row: number) => row % 2,
  insult: (row: number) => Number(row % 3 === 0),
  threat: () => 0,
  'What a fine phone this is': sentence,
  '4': (row: number) => row % 2,
} satisfies Record<string, Column>;

async function shapeOf(names: readonly (keyof typeof columns)[], asJson = false) {
  const rows = Array.from({ length: 20 }, (_, row) => names.map((name) => columns[name](row)));
  const lines = asJson
    ? rows.map((row) =>
        JSON.stringify(Object.fromEntries(names.map((name, at) => [name, row[at]]))),
      )
    : [names.join(','), ...rows.map((row) => row.map((value) => `"${value}"`).join(','))];
  const format = asJson ? formats.jsonl : formats.csv;
  const file = `labeled/a.${format.name}`;
  const notes: string[] = [];
  const store = new MemoryStore({ [file]: Buffer.from(`${lines.join('\n')}\n`) });
  const { kind, fields, target } = await findShape(store, format, notes);
  return { kind, text: fields?.text, target, notes };
}

describe('init finds texts', () => {
  test.each([
    [['text', 'label'], 'text', 'label'],
    [['label', 'text'], 'text', 'label'],
    [['city', 'text'], 'text', 'city'],
    [['id', 'url', 'date', 'text', 'label'], 'text', 'label'],
    [['id', 'title', 'text', 'label'], ['title', 'text'], 'label'],
    [['text', 'age', 'city', 'label'], 'text', 'label'],
    [['constant', 'text', 'path', 'label'], 'text', 'label'],
    [['city', 'date', 'text', 'url'], 'text', 'city'],
    [['repeated', 'label'], 'repeated', 'label'],
    [['id', 'chat', 'label'], 'chat', 'label'],
    [['log', 'label'], 'log', 'label'],
    [['What a fine phone this is', 'label'], 'What a fine phone this is', 'label'],
  ] as const)('in the columns %j: %j', async (names, text, target) => {
    for (const asJson of [false, true]) {
      expect(await shapeOf(names, asJson)).toMatchObject({ kind: 'text', text, target });
    }
  });

  test.each([
    [['name', 'age', 'city', 'label']],
    [['city', 'age', 'label']],
    [['pixels', 'age', 'label']],
    [['words', 'age', 'label']],
    [['id', 'url', 'path', 'age', 'label']],
  ] as const)('but not in the columns %j', async (names) => {
    for (const asJson of [false, true]) {
      expect(await shapeOf(names, asJson)).toMatchObject({ kind: 'row', text: undefined });
    }
  });

  test('and refuses a header that is data', async () => {
    await expect(shapeOf(['What a fine phone this is', '4'])).rejects.toThrow(
      "The first line of 'labeled/a.csv' looks like data, not like the names of columns: it has the text 'What a fine phone this is'.",
    );
  });

  test('and describes the choice', async () => {
    expect((await shapeOf(['title', 'text', 'age', 'label'])).notes).toEqual([
      'The class is in the column label, chosen by its name.',
      'The examples are texts: title, text, 98% of the characters of a row, joined to one text. Choose task.text.',
      'Not learned from: age. To learn from these columns instead, set task.type: tabular-classification.',
    ]);
    expect((await shapeOf(['name', 'age', 'city', 'date', 'label'])).notes).toEqual([
      'The class is in the column label, chosen by its name.',
      'Texts of several words: name, 55% of the characters of a row, so the examples are rows, which compare texts only as a whole. To learn from the texts instead, set task.type: text-classification and task.text: name.',
    ]);
  });

  test('and notes columns of 0 and 1, which may be classes', async () => {
    for (const asJson of [false, true]) {
      expect((await shapeOf(['text', 'toxic', 'insult', 'threat'], asJson)).notes).toContain(
        'toxic has only 0 and 1, and so have insult, threat. If each of these columns is a class, make one column of lists of them: docs/configuration.md, "Lists of classes".',
      );
      const { notes } = await shapeOf(['text', 'insult', 'threat', 'label'], asJson);
      expect(notes.join()).not.toContain('only 0 and 1');
    }
  });

  test.each([
    ['txt', 'text'],
    ['png', 'image'],
  ])('archives of .%s files hold a %s', async (extension, kind) => {
    const content =
      kind === 'text'
        ? { kind: 'text' as const, text: 'late' }
        : { kind: 'image' as const, bytes: Buffer.from('\x89PNG\r\n\x1a\n', 'latin1') };
    const { write } = await formats.webdataset.load();
    const [file] = await write([{ id: 'a', label: 'no', content }], 'a', {} as never);
    expect(extension).toBeDefined();
    const store = new MemoryStore({ 'labeled/a.tar': Buffer.from(file!.bytes) });
    expect(await findShape(store, formats.webdataset, [])).toMatchObject({ kind });
  });
});
