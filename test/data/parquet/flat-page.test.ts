/** Columns without lists, which this project decodes itself: compared with what was written. */
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import { expect, test } from 'vitest';
import { joinPages } from '../../../src/data/parquet/join-pages.ts';
import { fixture } from '../../support/examples.ts';
import { openTable, tableRows } from '../../support/table-content.ts';

const byteArrays = fc.uint8Array({ maxLength: 3 });
const deltas = ['DELTA_LENGTH_BYTE_ARRAY', 'DELTA_BYTE_ARRAY'] as const;

/** Types, their encodings besides that with a dictionary, and values. */
const kinds = [
  { type: 'STRING', encodings: ['PLAIN', ...deltas], value: fc.string({ maxLength: 5 }) },
  { type: 'BYTE_ARRAY', encodings: ['PLAIN', ...deltas], value: byteArrays },
  { type: 'BOOLEAN', encodings: ['PLAIN', 'RLE'], value: fc.boolean() },
  {
    type: 'INT32',
    encodings: ['PLAIN', 'DELTA_BINARY_PACKED', 'BYTE_STREAM_SPLIT'],
    value: fc.integer(),
  },
  {
    type: 'INT64',
    encodings: ['PLAIN', 'DELTA_BINARY_PACKED'],
    value: fc.bigInt({ min: -(2n ** 40n), max: 2n ** 40n }),
  },
  { type: 'DOUBLE', encodings: ['PLAIN', 'BYTE_STREAM_SPLIT'], value: fc.double({ noNaN: true }) },
  { type: 'TIMESTAMP', encodings: ['PLAIN'], value: fc.integer().map((ms) => new Date(ms)) },
] as const;

/** A column of a few values, in runs, so that writers choose dictionaries and runs. */
const columns = fc.constantFrom(...kinds).chain((kind) => {
  const value: fc.Arbitrary<unknown> = kind.value;
  const some = fc.uniqueArray(value, { minLength: 1, maxLength: 40 });
  const runs = fc.array(fc.tuple(fc.nat(), fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 40 }))), {
    minLength: 1,
    maxLength: 40,
  });
  return fc.record({
    type: fc.constant(kind.type),
    encoding: fc.option(fc.constantFrom(...kind.encodings), { nil: undefined }),
    missing: fc.constantFrom(0, 0.1, 0.9, 1),
    some,
    runs,
    seed: fc.nat(),
  });
});

test('the values of any rows are those that were written', async () => {
  const pageSize = fc.constantFrom(20, 300, 2 ** 20);
  await fc.assert(
    fc.asyncProperty(columns, pageSize, fc.nat(), fc.nat(), async (column, pageSize, a, b) => {
      const values = column.runs.flatMap(([index, length]) =>
        Array<unknown>(length + 1).fill(column.some[index % column.some.length]),
      );
      const data = values.map((value, row) =>
        Math.abs(Math.sin(column.seed + row)) < column.missing || column.missing === 1
          ? null
          : value,
      );
      const { type, encoding } = column;
      const source: ColumnSource = { name: 'x', type, data, ...(encoding && { encoding }) };
      const bytes = parquetWriteBuffer({
        columnData: [source],
        pageSize,
        codec: 'GZIP',
        compressors: { GZIP: (page) => new Uint8Array(gzipSync(page)) },
      });
      const file = await openTable(new Uint8Array(bytes));
      const [start, end] = [a % data.length, b % data.length].sort((x, y) => x - y);
      const read = await file.readColumns(['x'], { start: start!, end: end! + 1 });
      expect(Array.from<unknown>(read.get('x')!)).toEqual(data.slice(start, end! + 1));
    }),
    { numRuns: 300 },
  );
});

test.each(['people-snappy', 'people-zstd', 'people-gzip', 'people-none', 'no-dictionary'])(
  'the columns of %s are those of hyparquet',
  async (name) => {
    const bytes = await fixture(`parquet/${name}.parquet`);
    const file = await openTable(bytes);
    const names = file.columns.map((column) => column.name);
    const rows = (await tableRows(bytes, names)).map((cells) =>
      Object.fromEntries(names.map((column, index) => [column, cells[index]])),
    );
    const buffer = new Uint8Array(bytes).buffer;
    expect(rows).toEqual(await parquetReadObjects({ file: buffer, compressors }));
  },
);

test('pages of one type of numbers are joined to an array of it', () => {
  const numbers = joinPages([Int32Array.of(1, 2), Int32Array.of(3)]);
  expect(numbers).toEqual(Int32Array.of(1, 2, 3));
  expect(joinPages([Int32Array.of(1), [null, 2]])).toEqual([1, null, 2]);
  expect(joinPages([])).toEqual([]);
});
