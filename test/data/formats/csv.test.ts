import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isRejected } from '../../../src/data/example.ts';
import { RecordScanner } from '../../../src/data/formats/csv-records.ts';
import { readLabelsOnly } from '../../../src/data/read.ts';
import { collect, datasetOf, fixture, readSet, shardsOf, sorted } from '../../support/examples.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { readerConfig } from '../../support/reader-config.ts';

const config = readerConfig('row', { format: 'csv' });

describe('CSV', () => {
  test.each(['good', 'windows'])('%s.csv has the rows that Python wrote', async (name) => {
    const { csvRows } = JSON.parse(String(await fixture('expected.json'))) as {
      csvRows: string[][];
    };
    const store = await datasetOf({ 'labeled/a.csv': `csv/${name}.csv` });
    const { examples, reasons } = sorted(await readSet(store, config));
    expect(reasons.size).toBe(0);
    expect(examples).toEqual(
      csvRows.map(([name, age, town, label], row) => ({
        id: `a.csv:${row}`,
        label,
        content: {
          kind: 'row',
          columns: {
            name,
            age: age === '' ? null : age,
            town,
            label,
          },
        },
      })),
    );
  });

  test('a row with too many or too few fields is rejected with its number', async () => {
    const store = await datasetOf({ 'labeled/a.csv': 'csv/bad.csv' });
    const { examples, reasons } = sorted(await readSet(store, config));
    expect(examples.map(({ id }) => id)).toEqual(['a.csv:0', 'a.csv:3']);
    expect([...reasons]).toEqual([
      ['a.csv:1', expect.stringMatching(/^Row 1 has 5 fields; expected 4, as in the header\./)],
      ['a.csv:2', 'Row 2 has 2 fields; expected 4, as in the header.'],
    ]);
    const [shard] = await shardsOf(store, config);
    const labels = await collect(readLabelsOnly(store, shard!, config));
    expect(labels.filter(isRejected).map(({ id }) => id)).toEqual([...reasons.keys()]);
    expect(labels.filter((item) => !isRejected(item))).toEqual(
      examples.map(({ id, label }) => ({ id, label })),
    );
  });

  test('a column of ids; the second example with an id is rejected', async () => {
    const store = await datasetOf({ 'labeled/a.csv': 'csv/pandas.csv' });
    const items = await readSet(store, config);
    expect(items).toMatchObject([
      { id: 'a', label: '1.0', content: { columns: { x: '0.1' } } },
      { id: 'b', label: '0.0', content: { columns: { x: null } } },
      { id: 'a', reason: expect.stringContaining("'a' appears twice") },
    ]);
  });

  test('a quote that is never closed ends the file', async () => {
    const store = await datasetOf({ 'labeled/a.csv': 'csv/unclosed.csv' });
    const { examples, reasons } = sorted(await readSet(store, config));
    expect(examples.map(({ id }) => id)).toEqual(['a.csv:0']);
    expect(reasons.get('a.csv:1')).toContain('cannot be read from row 1 on');
  });

  test.each([
    ['a,b,a,label\n', /column 'a' twice/],
    ['a,b\n1,2\n', /no column 'label' \(task.target\).*Its columns: a, b/],
  ])('an invalid header is an error: %j', async (text, message) => {
    await expect(readSet(new MemoryStore({ 'labeled/a.csv': text }), config)).rejects.toThrow(
      message,
    );
  });

  test.each<[string, string]>([
    ['a delimiter at the end of every row', 'x,label\n1,yes,\n2,no,\n'],
    ['delimiters at the end of some rows', 'x,label\n1,yes,,\n2,no\n'],
    ['a delimiter at the end of the header', 'x,label,\n1,yes\n2,no\n'],
  ])('%s does not matter', async (_, text) => {
    const items = await readSet(new MemoryStore({ 'labeled/a.csv': text }), config);
    expect(items).toMatchObject([
      { label: 'yes', content: { columns: { x: '1' } } },
      { label: 'no', content: { columns: { x: '2' } } },
    ]);
  });

  test.each<[string, string, RegExp]>([
    ['names of rows, as in R', 'x,label\n1,0.5,yes\n', /Row 0 has 3 fields.* lacks a name.* R /],
    ['quotes after spaces', 'x,label\n1, "a, b"\n', /A quote after a space is a character/],
  ])('the reason names %s', async (_, text, reason) => {
    const [item] = await readSet(new MemoryStore({ 'labeled/a.csv': text }), config);
    expect(item).toMatchObject({ reason: expect.stringMatching(reason) });
  });

  const unlabeled = (text: string) =>
    readSet(
      new MemoryStore({ 'unlabeled/a.csv': Buffer.from(text, 'latin1') }),
      config,
      'unlabeled',
    );

  test.each<[string, string, RegExp, RegExp]>([
    ['a title', 'Results of 2024\n\nx,y\n1,2\n', /one text, 'Results of 2024', .* 2/, /titles/],
    ['comments', '# by lab\n# in mm\nx,y\n1,2\n', /one text, '# by lab'/, /comments/],
    ['the line of Excel', 'sep=;\nx;y\n1;2\n', /'sep=', which only Excel/, /Remove this line/],
    ['a web page', '<!DOCTYPE html>\n<p>a, b</p>\n', /web page.*'<!DOCTYPE/, /Download/],
    ['columns of spaces', 'x   y\n1.5   2\n0.25  7\n', /is one column, 'x {3}y'/, /delimiter/],
    ['gzip', '\x1f\x8b\b\0', /is not a CSV file but a gzip file/, /gunzip/],
    ['Excel', 'PK\x03\x04', /is not a CSV file but a zip file or an Excel workbook/, /as CSV/],
  ])('%s instead of a header is refused', async (_, text, message, hint) => {
    await expect(unlabeled(text)).rejects.toMatchObject({
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
  });

  test('an empty file is rejected', async () => {
    const store = await datasetOf({ 'labeled/a.csv': 'csv/empty.csv' });
    expect(await readSet(store, config)).toEqual([
      { id: 'a.csv', reason: expect.stringContaining('empty') },
    ]);
  });
});

describe('cutting', () => {
  /**
   * A field of a CSV file, with everything that makes cutting hard, sometimes against the rules.
   */
  const field = fc.oneof(
    fc.stringMatching(/^[ab7 ]{0,6}$/),
    fc.stringMatching(/^[ab",\n\r ]{0,8}$/).map((text) => `"${text.replaceAll('"', '""')}"`),
    fc.constantFrom('\r', '5" pipe', '', '""', '"x"y', 'é日本'),
  );
  const file = fc
    .record({
      bom: fc.constantFrom('', '\uFEFF'),
      newline: fc.constantFrom('\n', '\r\n'),
      records: fc.array(fc.array(field, { minLength: 1, maxLength: 4 }), { maxLength: 30 }),
      end: fc.boolean(),
    })
    .map(({ bom, newline, records, end }) => {
      const lines = ['"a\n1",b,label', ...records.map((record) => record.join(','))];
      return bom + lines.join(newline) + (end ? newline : '');
    });

  test('a file cut anywhere gives the same examples as the whole file', async () => {
    await fc.assert(
      fc.asyncProperty(
        file,
        fc.integer({ min: 12, max: 400 }),
        fc.integer({ min: 1, max: 50 }),
        async (text, limitBytes, chunkBytes) => {
          const store = new MemoryStore({ 'labeled/a.csv': text }, chunkBytes);
          const cut = readerConfig('row', { format: 'csv', shardMiB: limitBytes / 2 ** 20 });
          const shards = await shardsOf(store, cut);
          // Neighbouring pieces touch: nothing is missing or read twice.
          const ranges = shards.flatMap(({ pieces }) => pieces.flatMap(({ range }) => range ?? []));
          for (let index = 1; index < ranges.length; index++) {
            expect(ranges[index]?.start).toBe(ranges[index - 1]?.end);
          }
          expect(await readSet(store, cut)).toEqual(await readSet(store, config));
        },
      ),
      { numRuns: 100, seed: 11 },
    );
  });

  test('an empty line is skipped, with any line end; a CR in it is a field', () => {
    const scanner = new RecordScanner();
    const bytes = Buffer.from('a\n\n\r\n\r\r\nb\r\n"\n"\n""\nlast');
    expect(scanner.advance(bytes, 0, bytes.length + 1)).toBeUndefined();
    scanner.finish();
    expect(scanner.records).toBe(6);
    expect(scanner.offset).toBe(bytes.length);
  });

  test('parts have about equal size', async () => {
    const text = `label,x\n${Array.from({ length: 20_000 }, (_, row) => `yes,${row}\n`).join('')}`;
    const store = new MemoryStore({ 'labeled/a.csv': text });
    const cut = readerConfig('row', { format: 'csv', shardMiB: 0.05 });
    const shards = await shardsOf(store, cut);
    const sizes = shards.map(({ pieces: [piece] }) => piece!.range!.end - piece!.range!.start);
    expect(sizes.length).toBe(Math.ceil(text.length / (0.05 * 2 ** 20)));
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThan(200);
    expect(shards.at(-1)?.pieces[0]?.rows?.end).toBe(20_000);
  });
});

describe('quotes in a file without quoting', () => {
  async function readTexts(text: string) {
    const store = new MemoryStore({ 'labeled/a.csv': Buffer.from(text) });
    const items = await readSet(store, readerConfig('text', { format: 'csv' }));
    const { examples, reasons } = sorted(items);
    const texts = examples.map(({ content }) => content.kind === 'text' && content.text);
    return { texts, reasons: [...reasons] };
  }

  test.each(['\t', '|', ';'])('with %j merge rows, which are rejected', async (delimiter) => {
    const rows = ['It broke.,no', '"Fine, they said.,yes', 'So,no', 'Oh well",yes', 'Good.,yes'];
    const lines = rows.map((row) => row.replace(/,(no|yes)$/, `${delimiter}$1`));
    const { texts, reasons } = await readTexts(`text${delimiter}label\n${lines.join('\n')}\n`);
    expect(texts).toEqual(['It broke.', 'Good.']);
    expect(reasons).toEqual([
      ['a.csv:1', expect.stringContaining('Row 1 has 3 lines that look like rows')],
    ]);
    expect(reasons[0]![1]).toContain(`sep=${JSON.stringify(delimiter)}, quoting=3`);
  });

  test.each([
    'text\tlabel\n"It broke.\nAgain."\tno\n',
    'label\ttext\nno\t"def f(x):\n\treturn x"\n',
    'text\tlabel\n"a\tb\nc\td"\tno\n',
    'text;label\n"let a;\nlet b;";no\n',
    'text,label\n"Dear John,\nfine, thanks, and\nbye",no\n',
    'text,label\n"Dear John, hello\nfine, thanks\nbye",no\n',
  ])('are not seen in %j', async (text) => {
    expect((await readTexts(text)).texts).toHaveLength(1);
  });
});
