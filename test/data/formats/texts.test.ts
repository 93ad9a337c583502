import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ReadConfig } from '../../../src/data/config.ts';
import { formats } from '../../../src/data/formats/index.ts';
import { maxLineBytes } from '../../../src/data/formats/text-lines.ts';
import { readSet, shardsOf, sorted } from '../../support/examples.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { readerConfig } from '../../support/reader-config.ts';

async function readFiles(config: ReadConfig, files: Record<string, string | Buffer>) {
  const keyed = Object.entries(files).map(([name, content]): [string, Buffer] => [
    `labeled/${name}`,
    Buffer.from(content),
  ]);
  return sorted(await readSet(new MemoryStore(Object.fromEntries(keyed)), config));
}

/** Texts per id, and reasons per rejected id. */
async function textsOf(config: ReadConfig, files: Record<string, string | Buffer>) {
  const { examples, reasons } = await readFiles(config, files);
  const texts = examples.map(({ id, label, content }) => [
    id,
    label,
    content.kind === 'text' ? content.text : content.kind,
  ]);
  return { texts, reasons: Object.fromEntries(reasons) };
}

const csv = readerConfig('text', { format: 'csv' });
const jsonl = readerConfig('text', { format: 'jsonl' });
const files = readerConfig('text', { format: 'texts' });

function utf16(text: string): Buffer {
  return Buffer.from(`\ufeff${text}`, 'utf16le');
}

describe('texts in CSV', () => {
  test('several columns are joined without missing ones', async () => {
    const config = readerConfig('text', { format: 'csv' }, { text: ['title', 'body'] });
    const rows = [
      'title,body,label',
      'Bad,"It, broke\r\nsoon",no',
      'NA,late,no',
      'nan,,yes',
      'none,?,yes',
    ];
    expect(await textsOf(config, { 'a.csv': rows.join('\n') })).toEqual({
      texts: [
        ['a.csv:0', 'no', 'Bad\nIt, broke\r\nsoon'],
        ['a.csv:1', 'no', 'late'],
        ['a.csv:3', 'yes', 'none'],
      ],
      reasons: { 'a.csv:2': 'Its text is empty.' },
    });
  });

  test('UTF-16 is read as text', async () => {
    const text = utf16('id;text;label\n7;schön, 👩‍🚀 שלום;yes\n');
    expect((await textsOf(csv, { 'a.csv': text })).texts).toEqual([
      ['7', 'yes', 'schön, 👩‍🚀 שלום'],
    ]);
  });

  test.each([
    [{}, 'a,label\nx,yes\n', `'labeled/a.csv' has no column 'text' (task.text).`],
    [
      { text: 'label' },
      'a,label\nx,yes\n',
      `The column 'label' of 'labeled/a.csv' is the class, and task.text also names it.`,
    ],
    [{}, Buffer.from('text,label\nsch\xf6n,yes\n', 'latin1'), `'labeled/a.csv' is not in UTF-8`],
  ])('%o: a file that does not fit is refused', async (more, text, message) => {
    const config = readerConfig('text', { format: 'csv' }, more);
    await expect(readFiles(config, { 'a.csv': text })).rejects.toThrow(message);
  });
});

describe('JSON Lines', () => {
  const lines = [
    '\ufeff{"text":"It broke.","label":"no","extra":{"a":1}}',
    '',
    'not JSON',
    '["a","b"]',
    '{"text":["a","b"],"label":"no"}',
    '{"text":"fine","label":true}\r',
    '{"text":"x","label":{"a":1}}',
    '{"text":"x","label":12345678901234567890}',
    '{"id":"x7","text":"schön 👩‍🚀 \\ud83d","label":"yes"}',
    '{"id":"\\ud83d","text":"x","label":"yes"}',
    '{"title":"x","label":"yes"}',
  ];
  const expected = {
    texts: [
      ['a:0', 'no', 'It broke.'],
      ['a:5', 'true', 'fine'],
      ['x7', 'yes', 'schön 👩‍🚀 \ud83d'],
    ],
    reasons: {
      'a:2': expect.stringMatching(/^Line 3 is not JSON: /),
      'a:3': 'Line 4 is a list; expected an object, such as {"text": "…", "label": "…"}.',
      'a:4': "Its field 'text' is a list; expected a text.",
      'a:6': "Its field 'label' is an object; expected one text or number.",
      'a:7':
        "Its field 'label' is 12345678901234567000, and JSON keeps only the first digits of so large a number; write it in quotes.",
      'a:9': expect.stringMatching(/^Its field 'id' has half of a surrogate pair/),
      'a:10': "It has no field 'text'; its fields are title, label.",
    },
  };

  const withName = (name: string, value: unknown): unknown =>
    JSON.parse(JSON.stringify(value).replaceAll('"a:', `"${name}:`));

  test.each([
    ['a.jsonl', Buffer.from(lines.join('\n'))],
    ['a.jsonl.gz', gzipSync(lines.join('\n'))],
    ['a.ndjson', utf16(lines.join('\n').replace('\ufeff', ''))],
  ])('%s: reads objects, and rejects other lines', async (name, bytes) => {
    const { texts, reasons } = await textsOf(jsonl, { [name]: bytes });
    expect(texts).toEqual(withName(name, expected.texts));
    expect(Object.keys(reasons)).toEqual(
      Object.keys(expected.reasons).map((id) => id.replace('a:', `${name}:`)),
    );
    expect(Object.values(reasons)).toEqual(Object.values(expected.reasons));
  });

  test.each(['[', '{"a":'])('a line with %s inside each other is skipped', async (open) => {
    const close = open === '[' ? ']' : '}';
    const nested = (levels: number) => `${open.repeat(levels)}1${close.repeat(levels)}`;
    const line = (levels: number) => `{"text":"good","label":"yes","more":${nested(levels)}}`;
    expect(await textsOf(jsonl, { 'a.jsonl': [100_000, 500, 499].map(line).join('\n') })).toEqual({
      texts: [['a.jsonl:2', 'yes', 'good']],
      reasons: {
        'a.jsonl:0':
          'Line 1 has more than 500 levels of lists and objects; such lines are not read.',
        'a.jsonl:1':
          'Line 2 has more than 500 levels of lists and objects; such lines are not read.',
      },
    });
  });

  test('a line that Python wrote without care for JSON is rejected with a hint', async () => {
    const written = [
      '{"text":"NaN is a bread","label":"yes","score":NaN}',
      '{"text":"x","label":"yes","score":-1, "top": Infinity}',
      "{'text': 'x', 'label': 'yes'}",
      '{"text":"Nothing like NaN","label":"yes",}',
    ];
    const { reasons } = await textsOf(jsonl, { 'a.jsonl': `${written.join('\n')}\n{"a":1}` });
    expect(reasons).toMatchObject({
      'a.jsonl:0': 'Line 1 is not JSON: it has NaN, which Python writes; write null instead.',
      'a.jsonl:1': 'Line 2 is not JSON: it has Infinity, which Python writes; write null instead.',
      'a.jsonl:2':
        'Line 3 is not JSON: it is an object as Python prints it; write it with json.dumps.',
      'a.jsonl:3': expect.not.stringContaining('Python'),
    });
  });

  test('a line that is too long is skipped', async () => {
    const long = `{"text":"${'x'.repeat(maxLineBytes)}","label":"no"}`;
    const good = '{"text":"good","label":"yes"}';
    expect(await textsOf(jsonl, { 'a.jsonl': [long, good].join('\n') })).toEqual({
      texts: [['a.jsonl:1', 'yes', 'good']],
      reasons: { 'a.jsonl:0': 'Line 1 is longer than 16 MiB; such lines are not read.' },
    });
  });

  test.each([
    ['a.jsonl', '[\n{"text":"x"}\n]', "'labeled/a.jsonl' is a JSON list, not JSON Lines."],
    ['a.jsonl', '{\n"text":"x"\n}', 'is one JSON value over several lines, not JSON Lines.'],
    ['a.jsonl', 'id,text\n1,x', 'none of its 2 lines is a JSON object. Line 2 is not JSON'],
    ['a.jsonl.gz', gzipSync(lines.join('\n')).subarray(0, 90), 'is a damaged gzip file'],
    ['a.jsonl', Buffer.from('PK\u0003\u0004'), 'is not a text file but a zip file'],
    ['a.jsonl', Buffer.from('{"text":"sch\xf6n"}', 'latin1'), 'is not in UTF-8'],
  ])('%s: %j is refused', async (name, bytes, message) => {
    await expect(readFiles(jsonl, { [name]: bytes })).rejects.toThrow(message);
  });

  test('rows may lack missing values, and leave out lists; a folder is a column', async () => {
    const config = readerConfig('row', { format: 'jsonl' });
    const text = '{"age":1,"tags":["a"],"town":"Bern"}\n{"town":null,"big":1e3,"ok":false}\n';
    const { examples } = await readFiles(config, { 'label=yes/a.jsonl': text });
    expect(examples.map(({ label, content }) => [label, content])).toEqual([
      ['yes', { kind: 'row', columns: { label: 'yes', age: 1, town: 'Bern' }, isSparse: true }],
      [
        'yes',
        {
          kind: 'row',
          columns: { label: 'yes', town: null, big: 1000, ok: 'false' },
          isSparse: true,
        },
      ],
    ]);
  });

  test('a vector is a list of numbers', async () => {
    const config = readerConfig('vector', { format: 'jsonl' });
    const text =
      '{"features":[1,2.5,-3],"label":"yes"}\n{"features":[1,[2],3],"label":"no"}\n{"label":"no"}\n';
    const { examples, reasons } = await readFiles(config, { 'a.jsonl': text });
    expect(examples[0]?.content).toEqual({ kind: 'vector', values: Float32Array.of(1, 2.5, -3) });
    expect([...reasons.values()]).toEqual([
      "Its field 'features' has a list in its list; expected a list of numbers.",
      "Its field 'features' has no vector; expected a list of numbers.",
    ]);
  });

  test('a small file with short lines is one piece', async () => {
    const lines = Array.from({ length: 1_000 }, () => '{"id": "1", "text": "a b", "label": "x"}\n');
    const store = new MemoryStore({ 'labeled/a.jsonl': lines.join('') });
    const shards = await shardsOf(store, jsonl);
    expect(shards.flatMap(({ pieces }) => pieces)).toEqual([
      expect.not.objectContaining({ range: expect.anything() }),
    ]);
  });

  test('the pieces of a file have its lines, whatever the sizes', async () => {
    const anyText = fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => `x${text}`);
    const texts = fc.array(anyText, {
      minLength: 1,
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(texts, fc.integer({ min: 20, max: 300 }), async (values, limit) => {
        const text = values.map((value) => JSON.stringify({ text: value, label: 'no' })).join('\n');
        const store = new MemoryStore({ 'labeled/a.jsonl': Buffer.from(text) });
        const config = {
          ...jsonl,
          data: { ...jsonl.data, shardMiB: limit / 2 ** 20 },
        };
        const shards = await shardsOf(store, config);
        const { examples } = sorted(await readSet(store, config));
        expect(examples.map(({ content }) => content)).toEqual(
          values.map((text) => ({ kind: 'text', text })),
        );
        expect(examples.map(({ id }) => id)).toEqual(values.map((_, row) => `a.jsonl:${row}`));
        if (values.length > 1 && Buffer.byteLength(text) > 2 * limit)
          expect(shards.length).toBeGreaterThan(1);
      }),
      { numRuns: 20 },
    );
  });
});

test.each([formats.csv, formats.parquet, formats.jsonl])(
  '$name: examples keep their ids and texts when they are written, also from several columns',
  async (format) => {
    const named = { format: format.name, id: 'key', label: 'class' };
    const config = readerConfig('text', named, { text: ['title', 'body'] });
    const examples = ['007', 'x,"8"'].map((id) => ({
      ...{ id, label: 'no' },
      content: { kind: 'text' as const, text: `It said:\n"${id}",\tשלום 👩‍🚀` },
    }));
    const { write } = await format.load();
    const files = await write(examples, 'answers', config);
    const found = Object.fromEntries(files.map(({ name, bytes }) => [name, Buffer.from(bytes)]));
    expect((await readFiles(config, found)).examples).toEqual(examples);
  },
);

test('text files: the folder is the class, and other encodings are rejected', async () => {
  const found = await textsOf(files, {
    'no/a.txt': '\ufeffIt broke.\r\n',
    'yes/b.TXT': utf16('schön'),
    'yes/c.txt': Buffer.from('sch\xf6n', 'latin1'),
    'yes/d.txt': 'a\0b',
    'yes/e.txt': 'x'.repeat(2 ** 24 + 1),
  });
  expect(found.texts).toEqual([
    ['no/a.txt', 'no', '\ufeffIt broke.\r\n'],
    ['yes/b.TXT', 'yes', 'schön'],
  ]);
  expect(found.reasons).toEqual({
    'yes/c.txt': expect.stringContaining('It is not text in UTF-8.'),
    'yes/d.txt': 'It has bytes of zero, which no text has.',
    'yes/e.txt': 'The file has 16777217 bytes; at most 16 MiB are read.',
  });
});
