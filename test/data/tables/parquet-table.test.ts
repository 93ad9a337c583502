import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createTableWriter } from '../../../src/data/tables/parquet-table.ts';
import { openTable, tableRows } from '../../support/table-content.ts';

const columns = { name: 'text', count: 'int32', share: 'float', list: { floats: 2 } } as const;

describe('createTableWriter', () => {
  test('reads the rows that it writes, with any division into batches', async () => {
    const float = fc.float({ noNaN: true, noDefaultInfinity: true });
    const row = fc.record({
      name: fc.string({ unit: 'grapheme' }),
      count: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      share: float,
      list: fc.tuple(float, float),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(row, { maxLength: 4 }), { maxLength: 3 }), async (all) => {
        const table = createTableWriter(columns);
        for (const batch of all) {
          table.append(batch.length, {
            name: batch.map(({ name }) => name),
            count: Int32Array.from(batch, ({ count }) => count),
            share: Float32Array.from(batch, ({ share }) => share),
            list: Float32Array.from(batch.flatMap(({ list }) => list)),
          });
        }
        const expected = all
          .flat()
          .map(({ name, count, share, list }) => [name, count, share, list]);
        expect(await tableRows(table.finish(), Object.keys(columns))).toEqual(expected);
      }),
      { numRuns: 50, seed: 1 },
    );
  });

  test('has at most 10,000 rows per row group, and fewer if lists are long', async () => {
    const short = createTableWriter({ value: 'float' });
    short.append(10_001, { value: new Float32Array(10_001) });
    const long = createTableWriter({ id: 'int32', list: { floats: 2 ** 17 } });
    long.append(9, { id: new Int32Array(9), list: new Float32Array(9 * 2 ** 17) });
    const groups = async (bytes: Uint8Array) =>
      (await openTable(bytes)).rowGroups.map(({ start, end }) => end - start);
    expect(await groups(short.finish())).toEqual([10_000, 1]);
    expect(await groups(long.finish())).toEqual([7, 2]);
  });

  test('keeps key-value metadata, also without rows', async () => {
    const table = createTableWriter(columns);
    const { keyValues, rowGroups } = await openTable(table.finish({ 'some.key': 'Größe' }));
    expect(keyValues.get('some.key')).toBe('Größe');
    expect(rowGroups).toEqual([]);
  });

  test.each([
    ['a missing column', {}, 'column a: undefined values, not 2'],
    ['too few values', { a: Float32Array.of(1), b: Float32Array.of(1, 2) }, 'column a: 1 values'],
    ['a list that is too short', { a: Float32Array.of(1, 2), b: Float32Array.of(1) }, 'column b'],
  ])('%s is refused, and adds no row', async (_, batch, message) => {
    const table = createTableWriter({ a: 'float', b: { floats: 1 } });
    expect(() => table.append(2, batch as Record<string, Float32Array>)).toThrow(message);
    expect((await openTable(table.finish())).rowGroups).toEqual([]);
  });

  test('gives the same bytes for the same rows', () => {
    const write = (sizes: readonly number[]) => {
      const table = createTableWriter({ id: 'text', value: { floats: 1 } });
      let first = 0;
      for (const size of sizes) {
        const ids = Array.from({ length: size }, (_, row) => String(first + row));
        table.append(size, { id: ids, value: Float32Array.from(ids, Number) });
        first += size;
      }
      return table.finish();
    };
    expect(write([3, 0, 4])).toEqual(write([7]));
  });
});
