/** Encodings, delimiters and line ends of CSV files. */
import type { CsvError } from 'csv-parse';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Rejected } from '../../../src/data/example.ts';
import { isRejected } from '../../../src/data/example.ts';
import { recordsOf } from '../../../src/data/formats/csv-fields.ts';
import { csvField, type Dialect, standardDialect } from '../../../src/data/formats/csv-records.ts';
import { openCsv } from '../../../src/data/formats/csv-text.ts';
import { readSet, shardsOf } from '../../support/examples.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { readerConfig } from '../../support/reader-config.ts';

const config = readerConfig('row', { format: 'csv' });

function read(content: string | Uint8Array, data: Record<string, unknown> = {}, chunkBytes = 7) {
  const store = new MemoryStore({ 'labeled/a.csv': content }, chunkBytes);
  return readSet(store, readerConfig('row', { format: 'csv', ...data }));
}

/** The values of all rows, or the reason if one was rejected. */
async function rows(content: string | Uint8Array, data: Record<string, unknown> = {}) {
  const items = await read(content, data);
  return items.map((item) =>
    isRejected(item) || item.content.kind !== 'row'
      ? (item as Rejected).reason
      : item.content.columns,
  );
}

function utf16(text: string, bigEndian = false): Buffer {
  const bytes = Buffer.from(`\uFEFF${text}`, 'utf16le');
  return bigEndian ? bytes.swap16() : bytes;
}

const text = 'town,label\nKöln,yes\nKäln 😀,no\n';
const expected = [
  { town: 'Köln', label: 'yes' },
  { town: 'Käln 😀', label: 'no' },
];

describe('encodings', () => {
  test.each<[string, string | Uint8Array]>([
    ['UTF-8', text],
    ['UTF-8 with a byte order mark', `\uFEFF${text}`],
    ['UTF-16, little endian', utf16(text)],
    ['UTF-16, big endian', utf16(text, true)],
  ])('%s is read', async (_, content) => {
    expect(await rows(content)).toEqual(expected);
  });

  test('a file in Latin-1 is refused at the first byte that is not UTF-8', async () => {
    const latin1 = Buffer.from(text.replace(' 😀', ''), 'latin1');
    await expect(read(latin1, {}, 100)).rejects.toMatchObject({
      name: 'UserError',
      message:
        "'labeled/a.csv' is not in UTF-8: byte 12 is 0xf6, in 'town,label Köln,yes Käln,no '.",
      hint: expect.stringContaining('iconv'),
    });
  });

  test('the offset is that in the file, wherever the chunks and the pieces end', async () => {
    const good = Array.from({ length: 40 }, (_, row) => `Zürich ${row},yes\n`).join('');
    const start = Buffer.from(`town,label\n${good}`);
    const content = Buffer.concat([start, Buffer.from('K\xe4ln,no\n', 'latin1')]);
    for (const chunkBytes of [1, 2, 3, 5, 64, 10_000]) {
      await expect(read(content, {}, chunkBytes)).rejects.toThrow(
        `byte ${start.length + 1} is 0xe4`,
      );
    }
    // Plan reads every file once when it cuts, so that the file is refused there.
    const store = new MemoryStore({ 'labeled/a.csv': content });
    const cut = readerConfig('row', { format: 'csv', shardMiB: 100 / 2 ** 20 });
    await expect(shardsOf(store, cut)).rejects.toThrow(`byte ${start.length + 1} is 0xe4`);
  });

  test('any bytes are read as UTF-8 or refused at the first that is not', async () => {
    const character = fc.constantFrom(
      'a',
      'é',
      '日',
      '😀',
      '\n',
      '\xff',
      '\xc3',
      '\xe6\x97',
      '\x80',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(character, { maxLength: 12 }), async (characters) => {
        const parts = characters.map((c) =>
          Buffer.from(c, /[\x80-\xff]/.test(c) && c !== 'é' ? 'latin1' : 'utf8'),
        );
        const content = Buffer.concat([Buffer.from('town,label\n'), ...parts, Buffer.from('\n')]);
        const outcome = await read(content, {}, 3).then(
          () => 'read',
          (error: Error) => Number(/byte (\d+)/.exec(error.message)?.[1]),
        );
        let valid = 0;
        const decodes = (end: number) =>
          Buffer.from(content.subarray(0, end).toString('utf8')).equals(content.subarray(0, end));
        for (let end = 0; end <= content.length; end++) if (decodes(end)) valid = end;
        expect(outcome).toBe(valid === content.length ? 'read' : valid);
      }),
      { numRuns: 50, seed: 5 },
    );
  });

  test.each<[string, Uint8Array, RegExp]>([
    ['UTF-16 without a mark', Buffer.from(text, 'utf16le'), /not text: byte 1 is 0x00/],
    ['a cut file in UTF-16', utf16(text).subarray(0, 31), /UTF-16LE, but is not such text/],
  ])('%s is refused', async (_, content, message) => {
    await expect(read(content)).rejects.toThrow(message);
  });

  test('a file in UTF-16 is not divided', async () => {
    const store = new MemoryStore({ 'labeled/a.csv': utf16(text.repeat(20)) });
    const shards = await shardsOf(store, readerConfig('row', { format: 'csv', shardMiB: 1e-4 }));
    expect(shards.flatMap(({ pieces }) => pieces.map(({ range }) => range))).toEqual([undefined]);
  });
});

describe('delimiters and line ends', () => {
  const table = [
    ['name', 'size', 'label'],
    ['Ann, "B"', '1.5', 'yes'],
    ['', '2.5', 'no'],
    ['x', '3', 'yes'],
  ];
  const quoted = (field: string) => `"${field.replaceAll('"', '""')}"`;
  const columns = table
    .slice(1)
    .map(([name, size, label]) => ({ name: name || null, size, label }));

  test.each([',', ';', '\t', '|', '\u0001', '^', ':'])('%j is found', async (delimiter) => {
    for (const end of ['\n', '\r\n', '\r']) {
      const lines = table.map((fields) => fields.map(quoted).join(delimiter));
      expect(await rows(lines.join(end) + end)).toEqual(columns);
    }
  });

  test('decimal commas do not make the comma the delimiter', async () => {
    expect(await rows('a;b;label\n1,5;2,5;x\n3,5;4,5;y\n')).toEqual([
      { a: '1,5', b: '2,5', label: 'x' },
      { a: '3,5', b: '4,5', label: 'y' },
    ]);
  });

  test('data.delimiter decides', async () => {
    expect(await rows('a,b;label\n1,2;x\n', { delimiter: ';' })).toEqual([
      { 'a,b': '1,2', label: 'x' },
    ]);
    await expect(rows('a;label\n1;x\n', { delimiter: ',' })).rejects.toMatchObject({
      message: "The header of 'labeled/a.csv' is one column, 'a;label'.",
      hint: expect.stringContaining('data.delimiter'),
    });
  });

  test('a column alone has no delimiter', async () => {
    expect(await rows('label\nyes or no\nno\n')).toEqual([{ label: 'yes or no' }, { label: 'no' }]);
  });

  test('a line end in quotes is not the line end of the file', async () => {
    expect(await rows('"a\nb",label\r1,x\r2,y\r')).toEqual([
      { 'a\nb': '1', label: 'x' },
      { 'a\nb': '2', label: 'y' },
    ]);
  });

  test('files with any delimiter and line end are cut as they are read', async () => {
    const body = Array.from({ length: 60 }, (_, row) => `"a;\r\n${row}";${row};yes`);
    for (const end of ['\n', '\r\n', '\r']) {
      const content = ['n;x;label', ...body].join(end);
      const store = new MemoryStore({ 'labeled/a.csv': content }, 11);
      const cut = readerConfig('row', { format: 'csv', shardMiB: 200 / 2 ** 20 });
      expect((await shardsOf(store, cut)).length).toBeGreaterThan(3);
      expect(await readSet(store, cut)).toEqual(await readSet(store, config));
    }
  });
});

describe('records', () => {
  /** Reads a text in chunks; the list ends with the error's code if there is one. */
  async function split(text: string, dialect: Dialect, chunkBytes: number) {
    const bytes = Buffer.from(text);
    async function* chunks() {
      for (let at = 0; at < bytes.length; at += chunkBytes) {
        yield bytes.subarray(at, at + chunkBytes);
      }
    }
    const found: unknown[] = [];
    try {
      for await (const records of recordsOf({ dialect, text: chunks() })) found.push(...records);
    } catch (error) {
      found.push((error as CsvError).code);
    }
    return found;
  }

  function parseAll(text: string, { delimiter, lineEnd }: Dialect) {
    const found: unknown[] = [];
    try {
      parse(Buffer.from(text), {
        ...{ bom: true, delimiter, record_delimiter: lineEnd === '\r' ? '\r' : ['\r\n', '\n'] },
        ...{ relax_quotes: true, relax_column_count: true, skip_empty_lines: true },
        on_record: (record) => {
          found.push(record);
          return null;
        },
      });
    } catch (error) {
      found.push((error as CsvError).code);
    }
    return found;
  }

  test('are those of the parser, with any quotes, line ends and chunks', async () => {
    const part = fc.constantFrom(
      ...['a', ' ', '"', '"', '""', ',', ';', '\n', '\n', '\r', '\r\n', '\n\n', '\uFEFF'],
      ...['é', '日本', '😀', 'more than thirteen', '"a,b"', '"c\n",'],
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { maxLength: 40 }).map((parts) => parts.join('')),
        fc.constantFrom<Dialect>(
          { delimiter: ',', lineEnd: '\n' },
          { delimiter: ';', lineEnd: '\n' },
          { delimiter: ',', lineEnd: '\r' },
        ),
        fc.integer({ min: 1, max: 30 }),
        async (text, dialect, chunkBytes) => {
          expect(await split(text, dialect, chunkBytes)).toEqual(parseAll(text, dialect));
        },
      ),
      { numRuns: 300, seed: 3 },
    );
  });

  test('longer than 16 MiB are left out, with the number of their lines', async () => {
    const long = '4'.repeat(2 ** 24);
    const text = `a,label\n1,2\n3,${long}\n5,6\n7,"8\n${long}\n"\n9,0\n`;
    const expected = [
      ['a', 'label'],
      ['1', '2'],
      { bytes: 2 ** 24 + 3, lines: 1 },
      ['5', '6'],
      { bytes: 2 ** 24 + 8, lines: 3 },
      ['9', '0'],
    ];
    expect(await split(text, standardDialect, 2 ** 22)).toEqual(expected);
    const items = await read(text, {}, 2 ** 20);
    expect(items.filter(isRejected)).toEqual([
      { id: 'a.csv:1', reason: 'Row 1 is longer than 16 MiB.' },
      {
        id: 'a.csv:3',
        reason: 'Row 3 is longer than 16 MiB, or a quote in it is closed too late: it has 3 lines.',
        lost: 3,
        isOneRow: true,
      },
    ]);
  });

  test('longer than 16 MiB count for at most as many rows as usual ones of their size', async () => {
    // 2 bytes per letter: the length of a record is in bytes.
    const row = `${'ß'.repeat(1_000)},no\n`;
    const text = `a,label\n${row}"${'y\n'.repeat(2 ** 23)}",no\n${row}`;
    const items = await read(text, {}, 2 ** 20);
    expect(items.filter(isRejected)).toMatchObject([
      {
        reason: expect.stringContaining('it has 8388609 lines'),
        lost: Math.ceil((2 ** 24 + 6) / Buffer.byteLength(row)),
      },
    ]);
  });

  test('longer than 16 MiB are left out at the end of a file, too', async () => {
    const long = '4'.repeat(2 ** 24);
    const lines = '\n'.repeat(2 ** 24 + 1);
    const before = [['a'], ['1']];
    const splitEnd = (end: string) => split(`a\n1\n${end}`, standardDialect, 2 ** 22);
    expect(await splitEnd(long + 5)).toEqual([...before, { bytes: 2 ** 24 + 1, lines: 1 }]);
    expect(await splitEnd(`"${long}\n"`)).toEqual([...before, { bytes: 2 ** 24 + 3, lines: 2 }]);
    expect(await splitEnd(lines)).toEqual(before);
  });

  test('longer than 16 MiB end the file if a quote in them is never closed', async () => {
    const text = `a,b\n1,2\n3,"${'4'.repeat(2 ** 24)}\n5,6\n`;
    const expected = [['a', 'b'], ['1', '2'], 'CSV_MAX_RECORD_SIZE'];
    expect(await split(text, standardDialect, 2 ** 22)).toEqual(expected);
  });
});

describe('headers', () => {
  test.each([
    ['5.1,3.5,1.4,label\n4.9,3.0,1.4,x\n', /looks like data.*it has '5.1'/],
    ['6,148,72,1\n1,85,66,0\n', /looks like data.*it has '6'/],
    ['-1,a,label\n1,b,x\n', /looks like data/],
    ['1,0,0,label\n1,1,0,x\n', /'0' twice/],
  ])('%j is refused', async (content, message) => {
    await expect(read(content)).rejects.toThrow(message);
  });

  test('columns named by numbers, and columns without a name, are columns', async () => {
    expect(await rows('0,1,2,label\n5,6,7,x\n')).toEqual([{ 0: '5', 1: '6', 2: '7', label: 'x' }]);
    expect(await rows(',x,,label\n0,1,,y\n')).toEqual([
      { 'Unnamed: 0': '0', x: '1', 'Unnamed: 2': null, label: 'y' },
    ]);
  });

  test('a class in the path that differs from the one in the file is quarantined', async () => {
    const store = new MemoryStore({ 'labeled/label=1/a.csv': 'x,label\n5,1.0\n6,0\n' });
    expect(await readSet(store, config)).toEqual([
      expect.objectContaining({ label: '1.0' }),
      {
        id: 'label=1/a.csv:1',
        reason: "Its column 'label' has '0', but its path has 'label=1'.",
      },
    ]);
  });

  test('a header that is repeated is rejected as a row', async () => {
    expect(await rows(',x,label\n0,1,y\n,x,label\n')).toEqual([
      { 'Unnamed: 0': '0', x: '1', label: 'y' },
      'The row repeats the header.',
    ]);
    expect(await rows('x,label\n1,y\nx,label\n2,n\n')).toEqual([
      { x: '1', label: 'y' },
      'The row repeats the header.',
      { x: '2', label: 'n' },
    ]);
  });

  test('of 20,000 names and more than 64 KiB', async () => {
    const names = Array.from({ length: 20_000 }, (_, index) => `ENSG${index}`);
    const content = `${[...names, 'label'].join()}\n${names.map(() => '1').join()},yes\n`;
    const store = new MemoryStore({ 'labeled/a.csv': content });
    const [example] = await readSet(store, config);
    expect(example).toMatchObject({ label: 'yes' });
    await expect(
      readSet(store, readerConfig('row', { format: 'csv' }, { target: 'Tissue' })),
    ).rejects.toThrow(
      /no column 'Tissue' \(task.target\). Its columns: ENSG0, .* and 19971 more\.$/,
    );
  });
});

test('a file that is not read is closed', async () => {
  const store = new MemoryStore({ 'a.csv': 'x,label\n'.repeat(50_000) });
  const csv = await openCsv(store, { ...(await store.head('a.csv'))! }, undefined);
  await csv.close();
  expect(store.streams.map(({ destroyed }) => destroyed)).toEqual([true]);
});

test('a field that is written is read again by a reader that trims', () => {
  const texts = [' a', 'b ', '\tc', 'd', 'e,"f"', 'g\nh'];
  const written = texts.map((text) => csvField(text)).join();
  expect(parse(written, { trim: true })).toEqual([texts]);
  expect(csvField('d')).toBe('d');
});
