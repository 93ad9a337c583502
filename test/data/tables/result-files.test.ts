import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Example, Rejected } from '../../../src/data/example.ts';
import {
  createEmbeddingsWriter,
  openEmbeddings,
} from '../../../src/data/tables/embeddings-file.ts';
import { joinExamples, joinRows } from '../../../src/data/tables/join.ts';
import {
  createLabelsWriter,
  readLabels,
  readLabelsSummary,
} from '../../../src/data/tables/labels-file.ts';
import { openParquet } from '../../../src/data/tables/parquet-file.ts';
import { createWeightsWriter, readWeights } from '../../../src/data/tables/weights-file.ts';
import { oneClass } from '../../../src/debias/decisions.ts';
import { margins, predictions } from '../../../src/debias/margin.ts';
import { fromFloat16, toFloat16 } from '../../../src/float16.ts';
import { collect } from '../../support/examples.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { openTable } from '../../support/table-content.ts';

const float = fc.float({ noDefaultInfinity: true });

function floats(count: number) {
  return fc.float32Array({ minLength: count, maxLength: count });
}

describe('embeddings', () => {
  test.each([16, 32] as const)('of %d bits are read as they were written', async (bits) => {
    const number = fc.float({ noNaN: true, min: -60000, max: 60000 });
    const row = fc.record({
      id: fc.string({ unit: 'grapheme' }),
      values: fc.tuple(number, number),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(row, { maxLength: 4 }), { maxLength: 3 }), async (all) => {
        const writer = createEmbeddingsWriter('e.parquet', 2, bits);
        const rowsOf = (batch: (typeof all)[number]) =>
          Float32Array.from(batch.flatMap(({ values }) => values));
        for (const batch of all)
          writer.append(
            batch.map(({ id }) => id),
            rowsOf(batch),
          );
        const store = new MemoryStore();
        await store.write('e.parquet', writer.finish([], 3));
        const { rows, summary } = await openEmbeddings(store, 'e.parquet');
        expect(summary).toEqual({
          ...{ embedded: all.flat().length, dimension: 2, truncated: 3, quarantined: [] },
        });
        const round = (values: Float32Array) =>
          bits === 16 ? fromFloat16(toFloat16(values)) : values;
        expect(await collect(rows())).toEqual(
          all.flat().map((one) => ({ id: one.id, embedding: round(rowsOf([one])) })),
        );
        // The general reader reads the same.
        const file = await openParquet(store, (await store.head('e.parquet'))!);
        for (const group of file.rowGroups) {
          const column = (await file.readColumns(['embedding'], group)).get('embedding')!;
          expect(Float32Array.from(Array.from(column).flat())).toEqual(
            round(rowsOf(all.flat().slice(group.start, group.end))),
          );
        }
      }),
      { numRuns: 25, seed: 3 },
    );
  });

  test('that are not finite, or too large for 16 bits, are quarantined', async () => {
    const values = Float32Array.of(1, 2, 3, Number.NaN, 70_000, 4);
    const reasons = async (bits: 16 | 32) => {
      const writer = createEmbeddingsWriter('e.parquet', 2, bits);
      writer.append(['a', 'b', 'c'], values);
      const store = new MemoryStore({
        'e.parquet': writer.finish([{ id: 'd', reason: 'Damaged.' }], 0),
      });
      return (await openEmbeddings(store, 'e.parquet')).summary;
    };
    const [damaged, missing] = [
      { id: 'd', reason: 'Damaged.' },
      { id: 'b', reason: 'Number 1 of its embedding is NaN.' },
    ];
    const large = { id: 'c', reason: 'Number 0 of its embedding is 70000, too large for 16 bits.' };
    expect(await reasons(32)).toMatchObject({ embedded: 2, quarantined: [damaged, missing] });
    expect(await reasons(16)).toMatchObject({
      embedded: 1,
      quarantined: [damaged, missing, large],
    });
  });

  test('take several pages and row groups', async () => {
    const [rows, dimension] = [3000, 500];
    const writer = createEmbeddingsWriter('e.parquet', dimension, 16);
    const values = Float32Array.from({ length: rows * dimension }, (_, index) => index % 2048);
    writer.append(
      Array.from({ length: rows }, (_, row) => `${row}`),
      values,
    );
    const store = new MemoryStore({ 'e.parquet': writer.finish([], 0) });
    let row = 0;
    for await (const { id, embedding } of (await openEmbeddings(store, 'e.parquet')).rows()) {
      expect(id).toBe(`${row}`);
      expect(embedding[7]).toBe(values[row * dimension + 7]);
      row++;
    }
    expect(row).toBe(rows);
  });
});

describe('labels', () => {
  const batch = (classes: number, embeddingSize: number) =>
    fc.integer({ min: 0, max: 5 }).chain((rows) =>
      fc.record({
        ids: fc.array(fc.string({ unit: 'grapheme' }), { minLength: rows, maxLength: rows }),
        predictions: fc.int32Array({ minLength: rows, maxLength: rows }),
        margins: floats(rows),
        probabilities: floats(rows * classes),
        embeddings: floats(rows * embeddingSize),
      }),
    );

  test('reads what was written, with any batches', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(batch(3, 2), { maxLength: 4 }),
        fc.boolean(),
        async (batches, embedded) => {
          const writer = createLabelsWriter('l.parquet', oneClass(3), {
            embeddingSize: embedded ? 2 : undefined,
          });
          for (const each of batches) {
            writer.append(embedded ? each : { ...each, embeddings: undefined });
          }
          const store = new MemoryStore();
          const quarantined = [{ id: 'bad "one"', reason: 'Größe' }];
          await store.write('l.parquet', writer.finish(quarantined));

          const expected = batches.flatMap(({ ids, probabilities, embeddings }) =>
            ids.map((id, row) => ({
              id,
              predictions: predictions(probabilities, 3).slice(row, row + 1),
              margins: margins(probabilities, 3).slice(row, row + 1),
              probabilities: probabilities.slice(row * 3, row * 3 + 3),
              embedding: embedded ? embeddings.slice(row * 2, row * 2 + 2) : undefined,
            })),
          );
          expect(await collect(readLabels(store, 'l.parquet'))).toEqual(expected);
          expect(await readLabelsSummary(store, 'l.parquet')).toEqual({
            labeled: expected.length,
            quarantined,
          });
        },
      ),
      { numRuns: 50, seed: 5 },
    );
  });

  function manyLabels(rows: number, batchRows: number) {
    const writer = createLabelsWriter('l.parquet', oneClass(2));
    for (let from = 0; from < rows; from += batchRows) {
      const count = Math.min(batchRows, rows - from);
      const share = Float32Array.from({ length: count }, (_, row) => ((from + row) % 100) / 100);
      writer.append({
        ids: Array.from(share, (_, row) => `a.tar/${from + row}`),
        probabilities: Float32Array.from({ length: 2 * count }, (_, at) =>
          at % 2 === 0 ? share[at >> 1]! : 1 - share[at >> 1]!,
        ),
      });
    }
    return writer.finish([]);
  }

  test('the bytes do not depend on the batches; row groups have at most 10,000 rows', async () => {
    const bytes = manyLabels(25_000, 128);
    expect(Buffer.compare(manyLabels(25_000, 7_777), bytes)).toBe(0);
    const store = new MemoryStore({ 'l.parquet': bytes });
    const file = await openTable(bytes);
    expect(file.rowGroups.map(({ start, end }) => end - start)).toEqual([10_000, 10_000, 5_000]);
    const ids: string[] = [];
    for await (const { id } of readLabels(store, 'l.parquet')) ids.push(id);
    expect(ids).toEqual(Array.from({ length: 25_000 }, (_, row) => `a.tar/${row}`));
  });

  test('the summary reads the footer only', async () => {
    const store = new MemoryStore({ 'l.parquet': manyLabels(50_000, 1_000) }, 1024);
    expect((await readLabelsSummary(store, 'l.parquet')).labeled).toBe(50_000);
    // hyparquet reads the last 512 KiB, which usually include the footer.
    expect(store.bytesRead.get('l.parquet')).toBeLessThanOrEqual(2 ** 19);
  });

  test('a column of the wrong length is refused', () => {
    const writer = createLabelsWriter('l.parquet', oneClass(3));
    expect(() => writer.append({ ids: ['a'], probabilities: new Float32Array(2) })).toThrow(
      'expected rows of 3 classes, got 2 values',
    );
  });

  test('a missing or damaged file is an error with a hint', async () => {
    const store = new MemoryStore({ 'l.parquet': manyLabels(10, 10).subarray(0, 300) });
    await expect(readLabelsSummary(store, 'none')).rejects.toThrow("'none' is missing.");
    await expect(collect(readLabels(store, 'l.parquet'))).rejects.toThrow(
      'memory/l.parquet is damaged',
    );
  });
});

test('weights: reads what was written', async () => {
  const row = fc.record({ id: fc.string(), values: fc.tuple(float, float, float, float, float) });
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 20 }), async (rows) => {
      const column = (index: number) => Float32Array.from(rows, ({ values }) => values[index]!);
      const writer = createWeightsWriter('w.parquet', 1);
      writer.append({
        ids: rows.map(({ id }) => id),
        teacherMargins: column(0),
        studentMargins: column(1),
        errorProbabilities: column(2),
        distortions: column(3),
        weights: column(4),
      });
      const store = new MemoryStore();
      await store.write('w.parquet', writer.finish());
      expect(await collect(readWeights(store, 'w.parquet'))).toEqual(
        rows.map(({ id, values }) => {
          const [teacherMargins, studentMargins, errorProbabilities, distortions, weights] =
            values.map((value) => Float32Array.of(value));
          return {
            ...{ id, teacherMargins, studentMargins, errorProbabilities },
            ...{ distortions, weights },
          };
        }),
      );
    }),
    { numRuns: 50, seed: 5 },
  );
});

describe('joining', () => {
  const example = (id: string): Example => ({
    id,
    label: undefined,
    content: { kind: 'row', columns: {} },
  });
  const rejected = (id: string): Rejected => ({ id, reason: 'bad' });
  const row = (id: string, value = 0) => ({ id, value });
  async function* stream<Item>(...items: Item[]) {
    yield* items;
  }

  test('joins examples with their rows; rejected and quarantined examples have none', async () => {
    const examples = stream<Example | Rejected>(
      example('a'),
      rejected('b'),
      example('c'),
      example('d'),
      rejected('a'),
    );
    const rows = stream(row('a', 1), row('d', 4));
    const pairs = await collect(joinExamples(examples, rows, new Set(['c', 'a'])));
    expect(pairs.map(({ example: { id }, row: { value } }) => [id, value])).toEqual([
      ['a', 1],
      ['d', 4],
    ]);
  });

  test.each([
    ['a row is missing', ['a', 'b', 'c'], ['a', 'c'], "at the example 'b' there is a row for 'c'"],
    ['the last row is missing', ['a', 'b'], ['a'], "at the example 'b' there is no row left"],
    [
      'an example is missing',
      ['a', 'c'],
      ['a', 'b', 'c'],
      "at the example 'c' there is a row for 'b'",
    ],
    [
      'the last example is missing',
      ['a'],
      ['a', 'b'],
      "at the end of the shard there is a row for 'b'",
    ],
    ['the order differs', ['a', 'b'], ['b', 'a'], "at the example 'a' there is a row for 'b'"],
  ])('%s', async (_, examples, rows, message) => {
    const joined = joinExamples(
      stream(...examples.map(example)),
      stream(...rows.map((id) => row(id))),
      new Set(),
    );
    await expect(collect(joined)).rejects.toThrow(message);
  });

  test('joins the rows of two files, or throws an error', async () => {
    const other = (id: string) => ({ id, other: `${id}!` });
    expect(
      await collect(joinRows(stream(row('a', 1), row('b', 2)), stream(other('a'), other('b')))),
    ).toEqual([
      { id: 'a', value: 1, other: 'a!' },
      { id: 'b', value: 2, other: 'b!' },
    ]);
    await expect(collect(joinRows(stream(row('a')), stream(other('b'))))).rejects.toThrow(
      "at 'a' there is a row for 'b'",
    );
    await expect(collect(joinRows(stream(row('a')), stream<{ id: string }>()))).rejects.toThrow(
      'no row left',
    );
    await expect(collect(joinRows(stream<{ id: string }>(), stream(other('b'))))).rejects.toThrow(
      "a row for 'b'",
    );
  });
});
