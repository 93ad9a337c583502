/** JSON Lines that are read from the start of their file: in gzip and in UTF-16. */
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isRejected } from '../../../src/data/example.ts';
import { GzipBudget } from '../../../src/data/formats/gzip-text.ts';
import { formats } from '../../../src/data/formats/index.ts';
import { ListedRejections, maxListedPerShard } from '../../../src/data/listed-rejections.ts';
import { readSet, shardsOf } from '../../support/examples.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { readerConfig } from '../../support/reader-config.ts';

const jsonl = readerConfig('text', { format: 'jsonl' });

const encodings: Readonly<Record<string, (text: string) => Buffer>> = {
  'a.jsonl': (text) => Buffer.from(text),
  'a.jsonl.gz': (text) => gzipSync(text),
  'a.ndjson': (text) => Buffer.from(`\ufeff${text}`, 'utf16le'),
};

/** Lines of a file; those without a text are blank. */
const lines = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.string({ unit: 'grapheme', maxLength: 90 }).map((text) => `x${text}`),
    },
    fc.constantFrom(undefined, undefined),
  ),
  { minLength: 1, maxLength: 40 },
);

describe.each(Object.keys(encodings))('%s', (name) => {
  test('its parts have its lines, whatever the sizes and the chunks', async () => {
    const sizes = fc.record({
      limit: fc.integer({ min: 20, max: 3_000 }),
      chunk: fc.integer({ min: 1, max: 400 }),
      blank: fc.constantFrom('', ' ', '\t\r', ' '.repeat(500)),
    });
    await fc.assert(
      fc.asyncProperty(lines, sizes, async (values, { limit, chunk, blank }) => {
        const written = values.map((text) =>
          text === undefined ? blank : JSON.stringify({ text, label: 'no' }),
        );
        const file = encodings[name]!(written.join('\n'));
        const store = new MemoryStore({ [`labeled/${name}`]: file }, chunk);
        const config = { ...jsonl, data: { ...jsonl.data, shardMiB: limit / 2 ** 20 } };
        const items = await readSet(store, config);
        const expected = values.flatMap((text, row) =>
          text === undefined
            ? []
            : [{ id: `${name}:${row}`, label: 'no', content: { kind: 'text', text } }],
        );
        const empty = [expect.objectContaining({ id: name })];
        expect(items).toEqual(expected.length > 0 ? expected : empty);
        const shards = await shardsOf(store, config);
        // A part ends with the line that fills it.
        const longest = Math.max(...written.map((line) => Buffer.byteLength(line) + 501), 64);
        const least = Math.floor((64 * expected.length) / (limit + longest));
        expect(shards.length).toBeGreaterThanOrEqual(least);
      }),
      { numRuns: 40 },
    );
  });
});

test('a part is read no further than its end', async () => {
  const line = (row: number) => JSON.stringify({ text: `${row} ${Math.sin(row)}`, label: 'no' });
  const file = gzipSync(Array.from({ length: 40_000 }, (_, row) => line(row)).join('\n'));
  const store = new MemoryStore({ 'labeled/a.jsonl.gz': file });
  const config = { ...jsonl, data: { ...jsonl.data, shardMiB: 0.2 } };
  const [first] = await shardsOf(store, config);
  store.bytesRead.clear();
  const { read } = await formats.jsonl.load();
  let count = 0;
  for await (const _ of read(store, first!, config)) count++;
  expect(count).toBe(first!.pieces[0]!.rows!.end);
  expect(store.bytesRead.get('labeled/a.jsonl.gz')).toBeLessThan(file.length / 2);
});

test('a small gzip file with very many lines is refused, but not for blank ones', async () => {
  const read = (text: string) =>
    readSet(new MemoryStore({ 'labeled/a.jsonl.gz': gzipSync(text) }), jsonl);
  const good = '{"text":"good","label":"no"}\n';
  const [example] = await read(`${'\n'.repeat(3_000_000)}${good}`);
  expect(example).toMatchObject({ id: 'a.jsonl.gz:3000000' });
  await expect(read(good + '{}\n'.repeat(300_000))).rejects.toThrow(
    /^'labeled\/a.jsonl.gz' has more than 20\d,\d{3} lines in \d+ B of gzip/,
  );
});

test('the text of a gzip file is limited, in proportion to the bytes of it that were read', () => {
  const budget = new GzipBudget('a.jsonl.gz');
  budget.add(1_000);
  budget.takeText(2 ** 28);
  expect(() => budget.takeText(200_001)).toThrow(
    "'a.jsonl.gz' has more than 256 MiB of text in 1,000 B of gzip",
  );
  budget.add(2 ** 20);
  budget.takeText(100 * 2 ** 20);
});

test('of very many rejected examples, the first are listed, and the others counted', async () => {
  const broken = maxListedPerShard + 300;
  const bad = Array.from({ length: broken }, (_, row) => `{"text${row}x": ${'xyz'[row % 3]}}\n`);
  const file = `${bad.join('')}{"text":"good","label":"no"}\n${'{}\n'.repeat(200)}`;
  const items = await readSet(new MemoryStore({ 'labeled/a.jsonl': file }), jsonl);
  const rejected = items.filter(isRejected);
  expect(items.length - rejected.length).toBe(1);
  expect(rejected.length).toBe(maxListedPerShard + 2);
  expect(rejected.slice(-2)).toEqual([
    {
      id: `a.jsonl:${maxListedPerShard}`,
      reason: expect.stringContaining('is not JSON'),
      lost: 300,
    },
    { id: `a.jsonl:${broken + 1}`, reason: expect.stringContaining('no field'), lost: 200 },
  ]);
});

test('rejected examples that are counted after a hundred reasons are counted together', () => {
  const rejections = new ListedRejections();
  for (let row = 0; row < maxListedPerShard; row++) {
    rejections.add({ id: `${row}`, reason: 'It is bad.' });
  }
  const reasons = Array.from({ length: 103 }, (_, row) => `It has ${'x'.repeat(row)}.`);
  for (const [row, reason] of reasons.entries()) rejections.add({ id: `${row}`, reason });
  const counts = [...rejections.counted()];
  expect(counts).toHaveLength(101);
  expect(counts[0]).toEqual({ id: '0', reason: reasons[0], lost: 1 });
  expect(counts[100]).toEqual({ id: '100', reason: `Other reasons: ${reasons[100]}`, lost: 3 });
});
