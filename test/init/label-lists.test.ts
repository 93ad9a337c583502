/** Lists of classes, from which `init` proposes a multi-label task. */
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import { inspect } from '../../src/init/inspect.ts';
import { MemoryStore } from '../support/memory-store.ts';

/** Labels of twelve rows; `write` converts a list. */
function tableOf(write: (names: string[], row: number) => string): string {
  const lists = [['red', 'wet'], ['wet'], [], ['red']];
  return Array.from({ length: 12 }, (_, row) => write(lists[row % 4]!, row)).join('\n');
}

const json = JSON.stringify;
const quoted = (names: string[]) => `"${json(names).replaceAll('"', '""')}"`;

async function archive(): Promise<Buffer> {
  const tar = pack();
  for (const [row, label] of ['red', '["wet","red"]', '[]', 'wet;red'].entries()) {
    tar.entry({ name: `${row}.txt` }, `a long text number ${row}`);
    tar.entry({ name: `${row}.cls` }, label);
  }
  tar.finalize();
  return buffer(tar);
}

const tar = await archive();

describe('a multi-label task is proposed for', () => {
  test.each<[string, Record<string, string | Buffer>, Record<string, unknown>]>([
    [
      'lists in JSON Lines',
      {
        'labeled/a.jsonl': tableOf((names, row) => json({ text: `a b c d ${row}`, labels: names })),
      },
      { type: 'text-classification' },
    ],
    [
      'lists beside a vector',
      { 'labeled/a.jsonl': tableOf((names, row) => json({ label: names, features: [row, 1, 2] })) },
      { type: 'vector-classification', length: 3 },
    ],
    [
      'lists of other usual names, in a table of rows',
      { 'labeled/a.jsonl': tableOf((names, row) => json({ x: row % 5, z: row % 3, tags: names })) },
      { type: 'tabular-classification', target: 'tags' },
    ],
    [
      'JSON in CSV',
      { 'labeled/a.csv': `x,z,tags\n${tableOf((n, row) => `${row % 5},${row % 3},${quoted(n)}`)}` },
      { type: 'tabular-classification', target: 'tags' },
    ],
    ['JSON in archives', { 'labeled/a.tar': tar }, { type: 'text-classification' }],
    [
      'JSON in names of folders',
      {
        'labeled/["red"]/a.txt': 'a b c',
        'labeled/red;wet/b.txt': 'd e f',
        'labeled/[]/c.txt': 'g',
      },
      { type: 'text-classification' },
    ],
  ])('%s', async (_, files, expected) => {
    const { config, notes } = await inspect(new MemoryStore(files));
    const task = { ...expected, multiLabel: true, classes: ['red', 'wet'] };
    expect(config).toMatchObject({ task, method: 'weighted' });
    expect(notes.join()).toContain('labeled examples with lists of 2 classes');
  });
});

test.each([
  "['Action', 'Drama']",
  "['Action' 'Drama']",
  "('Action', 'Drama')",
  "{'Action', 'Drama'}",
  '[Action, Drama]',
])('%s, which no reader of lists understands, is refused', async (list) => {
  const rows = ['[]', list, '["Action"]'].map((label, row) =>
    json({ text: `a b c d ${row}`, label }),
  );
  for (const lines of [rows, rows.slice(1, 2)]) {
    const store = new MemoryStore({ 'labeled/a.jsonl': lines.join('\n') });
    await expect(inspect(store)).rejects.toMatchObject({
      message: `The labels in "label" look like lists, but ${list} is not a list of names in JSON.`,
      hint: 'Write lists such as ["a", "b"], as json.dumps does in Python.',
    });
  }
});

test.each([
  { labels: ['war', 'drama', 'war, drama'], found: 'war, drama' },
  { labels: ['war', 'drama,war', 'drama'], found: 'drama,war' },
  { labels: ['war', 'drama', 'drama/war'], found: 'drama/war' },
  { labels: ['yes', 'no', 'n/a'], found: undefined },
  { labels: ['war', 'drama|war'], found: 'drama|war' },
  { labels: ['war', 'drama;war'], found: 'drama;war' },
  { labels: ['Paris, France', 'Lyon, France'], found: undefined },
  { labels: ['war', 'drama, or comedy'], found: undefined },
])('$labels: a note about lists names $found', async ({ labels, found }) => {
  const rows = Array.from({ length: 12 }, (_, row) =>
    json({ text: `a b c d ${row}`, label: labels[row % labels.length] }),
  );
  const { notes } = await inspect(new MemoryStore({ 'labeled/a.jsonl': rows.join('\n') }));
  const [note] = notes.filter((one) => one.includes('may be lists'));
  if (found === undefined) expect(note).toBeUndefined();
  else expect(note).toMatch(`Labels such as ${found} may be lists of classes.`);
});

test('names in brackets are classes', async () => {
  const rows = Array.from({ length: 12 }, (_, row) =>
    json({ text: `a b c d ${row}`, label: row % 2 ? '[UNK]' : '(a, b)' }),
  );
  const { config } = await inspect(new MemoryStore({ 'labeled/a.jsonl': rows.join('\n') }));
  expect(config.task).toMatchObject({ classes: ['(a, b)', '[UNK]'] });
  expect(config.task.multiLabel).toBeUndefined();
});

test('lists of decimals, of other names, or with a class per word, are not classes', async () => {
  const files = (line: (row: number) => object) => ({
    'labeled/a.jsonl': Array.from({ length: 12 }, (_, row) => json(line(row))).join('\n'),
  });
  const numbers = files((row) => ({ labels: [row / 3, 1], x: row }));
  await expect(inspect(new MemoryStore(numbers))).rejects.toThrow('labels has lists of numbers');
  for (const list of [{ words: ['a', 'b'] }, { tags: ['a', 'b', 'a'] }]) {
    const table = files((row) => ({ ...list, z: row % 3, x: row % 2 }));
    const { config } = await inspect(new MemoryStore(table));
    expect(config.task).toMatchObject({ target: 'x', classes: ['0', '1'] });
    expect(config.task.multiLabel).toBeUndefined();
  }
});
