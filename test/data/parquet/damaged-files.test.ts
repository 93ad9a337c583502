import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, test } from 'vitest';
import { isRejected } from '../../../src/data/example.ts';
import { ParquetError } from '../../../src/data/tables/parquet-file.ts';
import { packageRoot } from '../../../src/package-root.ts';
import { openAnswers } from '../../fuzz/predictions.ts';
import { readSet } from '../../support/examples.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { readerConfig } from '../../support/reader-config.ts';
import { openTable } from '../../support/table-content.ts';

const corpus = (name: string) =>
  readFile(path.join(packageRoot, 'test/fuzz/corpus/parquet', `${name}.parquet`));

const rows = readerConfig('row', { format: 'parquet' });

describe('a row group that cannot be read', () => {
  /** The first column, `id`, states that its page has 2^20 bytes more. */
  const damaged = async () => {
    const bytes = Buffer.from(await corpus('types-none'));
    // The header of the first page is after the mark PAR1: field 1, type; field 2, its size.
    expect([...bytes.subarray(4, 7)]).toEqual([0x15, 0x04, 0x15]);
    bytes[7] = 0xff;
    bytes[8] = 0x7f;
    return bytes;
  };

  test.each(['labeled', 'unlabeled'] as const)('is quarantined in %s/, and named', async (set) => {
    const store = new MemoryStore({ [`${set}/b/a.parquet`]: await damaged() });
    const items = await readSet(store, rows, set);
    const rejected = items.filter(isRejected);
    expect(rejected).toEqual([
      {
        id: expect.stringContaining('a.parquet:0-12'),
        reason: expect.stringMatching(/damaged here: its column 'id' cannot be read, because /),
        lost: 12,
      },
    ]);
    expect(items.length - rejected.length).toBe(8);
  });

  test('ends a run with its name if it has predictions', async () => {
    await expect(openAnswers(await damaged())).rejects.toMatchObject({ name: 'UserError' });
  });
});

/** Writes a column of rows with labels, without compression. */
function written(column: ColumnSource, rows: number): Buffer {
  const columnData = [column, { name: 'label', data: Array<string>(rows).fill('no') }];
  const bytes = parquetWriteBuffer({ columnData, codec: 'UNCOMPRESSED', rowGroupSize: 2 ** 23 });
  return Buffer.from(bytes);
}

describe('a JSON column', () => {
  test('keeps values with more levels than are read as they are written', async () => {
    const nested = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
    const texts = [nested(500), nested(501), nested(100_000)];
    // The writer cannot write so many levels, but a text of the same length.
    const data = texts.map((text) => 'x'.repeat(text.length - 2));
    const bytes = written({ name: 'x', type: 'JSON', data }, texts.length);
    for (const [row, text] of texts.entries()) {
      const at = bytes.indexOf(`"${data[row]}"`);
      bytes.write(text, at, 'latin1');
    }
    const values = (await (await openTable(bytes)).readColumns(['x'], { start: 0, end: 3 })).get(
      'x',
    )!;
    expect(values[0]).toEqual(JSON.parse(texts[0]!));
    expect(Array.from<unknown>(values).slice(1)).toEqual(texts.slice(1));
    const items = await readSet(new MemoryStore({ 'labeled/a.parquet': bytes }), rows);
    expect(items).toHaveLength(3);
    expect(items.map((item) => 'content' in item && item.content)).toEqual(
      texts.map((x) => ({ kind: 'row', columns: { x, label: 'no' } })),
    );
  });
});

test('a small file with very many rows is refused', async () => {
  const data = Array<null>(2 ** 22 + 30_000).fill(null);
  const columnData = [{ name: 'label', type: 'INT32' as const, data }];
  const bytes = new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: data.length }));
  expect(bytes.length).toBe(156);
  const store = new MemoryStore({ 'labeled/a.parquet': bytes });
  await expect(readSet(store, rows)).rejects.toThrow(
    /^'labeled\/a.parquet' is not a Parquet file: it has 4224304 rows in 156 bytes, and at most 4196800 are read/,
  );
});

describe('a footer', () => {
  test.each([
    ['is cut off', (bytes: Buffer) => bytes.writeUInt32LE(2 ** 31, bytes.length - 8), 'is cut off'],
    ['is encrypted', (bytes: Buffer) => bytes.write('PARE', bytes.length - 4), 'is encrypted'],
    [
      'is none',
      (bytes: Buffer) => bytes.write('PAR2', bytes.length - 4),
      "does not end with 'PAR1'",
    ],
  ])('that %s is refused', async (_, change, message) => {
    const bytes = Buffer.from(await corpus('types-none'));
    change(bytes);
    await expect(openTable(bytes)).rejects.toThrow(message);
    await expect(openTable(bytes)).rejects.toBeInstanceOf(ParquetError);
  });
});

test('times without end are missing, in rows and in lists', async () => {
  const store = new MemoryStore({ 'labeled/a.parquet': await corpus('duckdb-infinity') });
  const items = await readSet(store, rows);
  const times = items.map((item) =>
    isRejected(item) || item.content.kind !== 'row' ? item : item.content.columns.t,
  );
  expect(times.slice(0, 3)).toEqual([null, null, '2024-01-03T00:00:00.000Z']);
  const nested = await openTable(await corpus('duckdb-infinity-nested'));
  const columns = await nested.readColumns(['ts', 'st'], { start: 0, end: 1 });
  expect(String(columns.get('ts')![0])).toBe('Invalid Date');
});

test.each(['none', 'snappy', 'gzip', 'brotli', 'zstd', 'lz4'])(
  'the values of types-%s are those of pyarrow',
  async (codec) => {
    const file = await openTable(await corpus(`types-${codec}`));
    const { end } = file.rowGroups[0]!;
    const columns = await file.readColumns(['id', 'i32', 'i64', 'x', 'b', 'list'], {
      start: 0,
      end,
    });
    const column = (name: string) => Array.from<unknown>(columns.get(name)!);
    expect(column('id').slice(0, 2)).toEqual(['r0', 'r1']);
    expect(column('i32').slice(0, 3)).toEqual([null, 1, 2]);
    expect(column('i64')[3]).toBe(3n * 2n ** 40n);
    expect(column('x')[3]).toBe(1.5);
    expect(column('b').slice(0, 3)).toEqual([null, false, true]);
    expect(column('list').slice(0, 3)).toEqual([[], [0], [0, 1]]);
  },
);

test('the values of deltas are those of pyarrow', async () => {
  const file = await openTable(await corpus('deltas'));
  const names = ['id', 'delta', 'delta64', 'lengths', 'split'];
  const columns = await file.readColumns(names, { start: 5, end: 8 });
  expect(names.map((name) => columns.get(name)![1])).toEqual([
    'shared-prefix-0006',
    36,
    36n * 10n ** 9n,
    '',
    2,
  ]);
});
