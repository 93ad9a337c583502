import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadStudent } from '../../src/models/load-student.ts';
import { type PredictPathsOptions, predictPaths } from '../../src/predict/predict-paths.ts';
import { classes, writeTextStudent } from '../support/students.ts';
import { openTable, tableRows } from '../support/table-content.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'predict-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Writes a file below the test's folder. @returns its path. */
function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** Predicts paths; returns what was written to standard output, and the messages. */
async function predict(paths: readonly string[], more: Partial<PredictPathsOptions> = {}) {
  const chunks: Buffer[] = [];
  const stdout = new Writable({
    write(chunk: Buffer, _, done) {
      chunks.push(chunk);
      done();
    },
  });
  const messages: string[] = [];
  const summary = await predictPaths({
    ...{ student: join(folder, 'student'), paths, results: join(folder, 'results') },
    ...{ format: 'csv', maxUnusable: 0.5, stdin: chunksOf([]), stdout },
    onProgress: ({ message }) =>
      message !== undefined && messages.push(message.replaceAll(folder, '.')),
    prepareTensorFlow: () => Promise.reject(new Error('the student needs no TensorFlow')),
    ...more,
  });
  return { summary, messages, text: Buffer.concat(chunks).toString().replaceAll(folder, '.') };
}

async function* chunksOf(chunks: readonly (string | Buffer)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
}

const texts = ['a fine day', 'ein, "Tag"', 'zzz'];
const jsonl = texts.map((text, id) => `${JSON.stringify({ id, text, label: 'none' })}\n`).join('');
const csv = 'label,text,id\nx,a fine day,0\nx,"ein, ""Tag""",1\nx,zzz,2\n';

/** Returns the rows of a CSV text without quotes: id, class, then numbers. */
function rowsOf(text: string) {
  const lines = text.trimEnd().split('\n').slice(1);
  return lines.map((line) => {
    const [id, name, ...numbers] = line.split(',');
    return { id, name, probabilities: numbers.map(Number) };
  });
}

describe('a student of texts', () => {
  beforeEach(() => writeTextStudent(join(folder, 'student')));

  test.each([
    ['JSON Lines', 'a.jsonl', jsonl],
    ['CSV', 'a.csv', csv],
    ['CSV on standard input', '-', csv],
    ['JSON Lines on standard input', '-', jsonl],
  ])('predicts %s as loadStudent does, and reads no label', async (_, name, content) => {
    const path = name === '-' ? name : write(name, content);
    const { text, summary, messages } = await predict([path], { stdin: chunksOf([content]) });
    const student = await loadStudent(join(folder, 'student'));
    const expected = await student.predict(texts);
    expect(text.split('\n')[0]).toBe('id,class,p_bad,p_good,p_so;so');
    const rows = rowsOf(text);
    expect(rows.map(({ id, name }) => [id, name])).toEqual(
      expected.map((one, id) => [String(id), one.class]),
    );
    for (const [row, { probabilities }] of rows.entries()) {
      for (const [index, value] of expected[row]!.probabilities.entries()) {
        expect(probabilities[index]).toBeCloseTo(value, 6);
      }
    }
    expect(new Set(rows.map(({ probabilities }) => probabilities[0])).size).toBe(3);
    expect(summary).toMatchObject({ predicted: 3, unusable: 0, stopped: false });
    expect(messages).toEqual([]);
  });

  test.each([
    ['gzip', gzipSync(jsonl)],
    ['a byte order mark', Buffer.from(`\u{feff}${jsonl}`)],
  ])('sees JSON Lines with %s on standard input', async (_, content) => {
    const { text } = await predict(['-'], { stdin: chunksOf([content]) });
    expect(rowsOf(text).map(({ id }) => id)).toEqual(['0', '1', '2']);
  });

  test('predicts the files of a folder; ids are their paths, and others are left out', async () => {
    write('data/b/test/one.txt', 'zzz');
    write('data/two.TXT', 'a fine day');
    write('data/notes.md', '#');
    write('data/.hidden.txt', 'no');
    const { text, messages } = await predict([join(folder, 'data'), join(folder, 'data/two.TXT')]);
    expect(rowsOf(text).map(({ id }) => id)).toEqual([
      './data/b/test/one.txt',
      './data/two.TXT',
      './data/two.TXT',
    ]);
    expect(messages).toEqual(['./data: 1 file was left out (1 .md), such as ./data/notes.md']);
  });

  test('follows no link out of a folder, and a link that is named itself', async () => {
    write('secret.txt', 'zzz');
    write('data/one.txt', 'fine');
    symlinkSync(join(folder, 'secret.txt'), join(folder, 'data/link.txt'));
    await expect(predict([join(folder, 'data')])).rejects.toThrow('link.txt');
    const { text } = await predict([join(folder, 'data/link.txt')]);
    expect(rowsOf(text).map(({ id }) => id)).toEqual(['./data/link.txt']);
  });

  test('reads the columns of its training, unless others are named', async () => {
    await writeTextStudent(join(folder, 'student'), {
      table: { columns: ['title', 'body'], missing: ['-'] },
    });
    const path = write('a.csv', 'title,body,text\nzzz,-,no\n');
    const other = write('b.csv', 'words,key\nzzz,k\n');
    const [own] = rowsOf((await predict([path])).text);
    const [named] = rowsOf((await predict([other], { columns: ['words'], id: 'key' })).text);
    expect(own).toMatchObject({ id: './a.csv:0', probabilities: named!.probabilities });
    expect(named!.id).toBe('k');
    await expect(predict([other], { columns: ['words', ''] })).rejects.toThrow('an empty name');
    await expect(predict([other])).rejects.toThrow(
      "b.csv' has no column 'title'. Its columns: words, key.",
    );
  });

  test('writes the same predictions as CSV, JSON Lines and Parquet', async () => {
    const path = write('a.jsonl', jsonl);
    const { text } = await predict([path]);
    const out = join(folder, 'p.parquet');
    await predict([path], { out, format: 'parquet' });
    const bytes = readFileSync(out);
    const names = ['id', 'class', ...classes.map((name) => `p_${name}`)];
    expect((await openTable(bytes)).columns.map(({ name }) => name)).toEqual(names);
    const rows = await tableRows(bytes, names);
    const lines = (await predict([path], { format: 'jsonl' })).text.trimEnd().split('\n');
    for (const [row, { id, name, probabilities }] of rowsOf(text).entries()) {
      const p = Object.fromEntries(classes.map((each, index) => [each, probabilities[index]]));
      expect(JSON.parse(lines[row]!)).toEqual({ id, class: name, probabilities: p });
      const cells = rows[row]!;
      expect(cells.slice(0, 2)).toEqual([id, name]);
      for (const [index, value] of probabilities.entries()) {
        expect(cells[2 + index]).toBeCloseTo(value, 6);
      }
    }
    expect(readdirSync(folder).sort()).toEqual(['a.jsonl', 'p.parquet', 'student']);
  });

  test('reports what cannot be used with file and row, and counts it', async () => {
    const path = write('a.csv', 'id,text\nk,zzz\nl,\nm,fine\nn,one,two\n');
    const { text, messages, summary } = await predict([path]);
    expect(rowsOf(text).map(({ id }) => id)).toEqual(['k', 'm']);
    expect(messages).toEqual([
      './a.csv:1 (id l) cannot be used: Its text is empty.',
      './a.csv:3 cannot be used: Row 3 has 3 fields; expected 2, as in the header. If all rows have, the header lacks a name, as in files of R with names of rows.',
    ]);
    expect(summary).toMatchObject({ predicted: 2, unusable: 2 });
    const out = join(folder, 'p.csv');
    await expect(predict([path], { out, maxUnusable: 0.4 })).rejects.toThrow(
      '2 of 4 examples cannot be used, more than the limit of 40%',
    );
    expect(readdirSync(folder).sort()).toEqual(['a.csv', 'student']);
  });

  test('reports ten unusable examples one by one', async () => {
    const path = write('a.jsonl', `{"text":"zzz"}\n${'{"text":""}\n'.repeat(12)}`);
    const { messages, summary } = await predict([path], { maxUnusable: 1 });
    expect(messages).toHaveLength(10);
    expect(messages[9]).toBe(
      './a.jsonl:10 cannot be used: Its text is empty. Further ones are counted.',
    );
    expect(summary.reasons).toEqual([{ reason: 'Its text is empty.', examples: 12 }]);
  });

  test('reads a stream only as far as the reader of the predictions wants', async () => {
    let lines = 0;
    async function* endless() {
      for (;;) yield Buffer.from(`{"text":"zzz ${lines++}"}\n`);
    }
    let written = 0;
    const stdout = new Writable({
      write(_, __, done) {
        written++;
        done(written > 2 ? Object.assign(new Error('closed'), { code: 'EPIPE' }) : undefined);
      },
    });
    const { summary } = await predict(['-'], { stdin: endless(), stdout });
    expect(summary.stopped).toBe(true);
    expect(written).toBe(3);
    expect(lines).toBeLessThan(5_000);
  });

  test.each([
    ['nothing', { 'a.csv': 'id,text\n' }, 'a.csv', 'the files have no examples'],
    ['an empty file', { 'a.csv': '' }, 'a.csv', 'the only example cannot be used'],
    ['no file', {}, 'a.csv', 'a.csv does not exist'],
    [
      'a folder of others',
      { 'd/a.gif': '' },
      'd',
      'd has no files that the student reads: it has others, such as ./d/a.gif',
    ],
    ['an image', { 'a.png': '' }, 'a.png', "the kind 'text', and ./a.png is images"],
    [
      'an unknown name',
      { 'a.tsv': '' },
      'a.tsv',
      'the format of ./a.tsv cannot be seen from its name',
    ],
    [
      'a JSON list',
      { 'a.jsonl': '[{"text":"a"}]' },
      'a.jsonl',
      "a.jsonl' is a JSON list, not JSON Lines",
    ],
    [
      'no text',
      { 'a.jsonl': '{"Text":"a"}\n' },
      'a.jsonl',
      "It has no field 'text'; its fields are Text.",
    ],
    ['a web page', { 'a.csv': '<html>,a\n' }, 'a.csv', 'not a CSV file but a web page'],
  ] as [string, Record<string, string>, string, string][])(
    'refuses %s',
    async (_, files, path, message) => {
      for (const [name, content] of Object.entries(files)) write(name, content);
      const error: unknown = await predict([join(folder, path)]).catch((error: unknown) => error);
      expect(error).toHaveProperty('name', 'UserError');
      const { message: found, hint } = error as { message: string; hint?: string };
      expect(found.replaceAll(folder, '.')).toContain(message);
      expect(`${found} ${hint}`).not.toContain('distill.yaml');
    },
  );

  test.each([
    ['', 'stdin is empty'],
    ['PAR1', 'parquet cannot be read from stdin'],
    ['[1]', "'stdin' is a JSON list"],
  ])('refuses %j on standard input', async (content, message) => {
    await expect(predict(['-'], { stdin: chunksOf([content]) })).rejects.toThrow(message);
  });

  test('names the formats of a stream, also if the user names another one', async () => {
    const given = { stdin: chunksOf(['a']), inputFormat: 'parquet' } as const;
    await expect(predict(['-'], given)).rejects.toHaveProperty(
      'hint',
      'Give the path of a file. From stdin, the student reads webdataset, csv, jsonl, texts.',
    );
  });

  test('refuses to write over its input or into no folder, before it reads', async () => {
    const path = write('a.csv', csv);
    await expect(predict([folder], { out: path })).rejects.toThrow('would be read and written');
    await expect(predict([path], { out: join(folder, 'b/c.csv') })).rejects.toThrow(
      'does not exist',
    );
    await expect(predict([path], { out: join(folder, 'student') })).rejects.toThrow('is a folder');
    expect(readFileSync(path, 'utf8')).toBe(csv);
    expect(existsSync(join(folder, 'b'))).toBe(false);
  });
});

test('a student that reads one column refuses two names of columns', async () => {
  const features = { kind: 'vector', length: 2 } as const;
  await writeTextStudent(join(folder, 'student'), { features });
  await expect(predict([write('a.jsonl', '')], { columns: ['a', 'b'] })).rejects.toThrow(
    '--column has 2 names: a, b, and the student reads one vector per row',
  );
});

test('a student of several labels names those above a half', async () => {
  await writeTextStudent(join(folder, 'student'), { multiLabel: true });
  const path = write('a.jsonl', jsonl);
  const lines = (await predict([path], { format: 'jsonl' })).text.trimEnd().split('\n');
  const rows = lines.map((line) => JSON.parse(line));
  for (const { labels, probabilities } of rows) {
    expect(labels).toEqual(classes.filter((name) => probabilities[name] > 0.5));
  }
  const { text, summary } = await predict([path]);
  expect(text.split('\n')[0]).toBe('id,labels,p_bad,p_good,p_so;so');
  const found = rows.flatMap(({ labels }) => labels as string[]);
  expect(summary.classes).toEqual(
    Object.fromEntries(classes.map((name) => [name, found.filter((each) => each === name).length])),
  );
  expect(found.length).toBeGreaterThan(0);
});
