import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PredictionTable } from '../../../src/models/teachers/prediction-table.ts';
import { open, temporaryFolder, vector } from './open.ts';

let scratch: string;
let dataset: string;
beforeEach(async () => {
  scratch = await temporaryFolder();
  dataset = await temporaryFolder();
  await mkdir(join(dataset, 'answers'));
});
afterEach(async () => {
  await rm(scratch, { recursive: true });
  await rm(dataset, { recursive: true });
});

async function writeAnswers(
  ids: (string | null)[],
  probabilities: (number | null)[][],
  name = 'a.parquet',
  column = 'probabilities',
  sets: string[] = [],
): Promise<void> {
  const texts = { id: ids, ...(sets.length > 0 && { set: sets }) };
  const buffer = parquetWriteBuffer({
    columnData: [
      ...Object.entries(texts).map(([name, data]) => ({ name, data })),
      { name: column, data: probabilities },
    ],
    schema: [
      { name: 'root', num_children: 1 + Object.keys(texts).length },
      ...Object.keys(texts).map((name) => ({
        ...{ name, type: 'BYTE_ARRAY' as const },
        ...{ converted_type: 'UTF8' as const, repetition_type: 'OPTIONAL' as const },
      })),
      { name: column, converted_type: 'LIST', repetition_type: 'OPTIONAL', num_children: 1 },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      { name: 'element', type: 'FLOAT', repetition_type: 'OPTIONAL' },
    ],
  });
  await writeFile(join(dataset, 'answers', name), Buffer.from(buffer));
}

const opened = () => open(dataset, { predictions: 'answers/' }, vector(2), { scratch });
const ask = (ids: string[]) => ({
  ids,
  rows: { n: ids.length, values: new Float32Array(2 * ids.length) },
});

test('answers are in several files, and are read in any order and repeatedly', async () => {
  await writeAnswers(
    ['a', 'ü'],
    [
      [1, 0, 0],
      [0, 1, 0],
    ],
  );
  await writeAnswers(['c'], [[0, 0, 1]], 'b.parquet');
  const { teacher } = await opened();
  const { probabilities } = await teacher.predict(ask(['c', 'ü', 'c', 'a']));
  expect([...probabilities]).toEqual([0, 0, 1, 0, 1, 0, 0, 0, 1, 1, 0, 0]);
  teacher.dispose();
});

test('one id may have an answer per set', async () => {
  const rows = [
    [1, 0, 0],
    [0, 1, 0],
  ];
  await writeAnswers(['a', 'a'], rows, 'a.parquet', 'probabilities', ['labeled', 'test']);
  const { teacher } = await opened();
  for (const [set, expected] of [
    ['labeled', [1, 0, 0]],
    ['test', [0, 1, 0]],
    ['unlabeled', [Number.NaN, Number.NaN, Number.NaN]],
  ] as const) {
    const { probabilities } = await teacher.predict({ ...ask(['a']), set });
    expect([...probabilities]).toEqual(expected);
  }
  teacher.dispose();
});

test('ids are the same in any form of Unicode', async () => {
  await writeAnswers(['caf\u00e9/1.png'], [[1, 0, 0]]);
  const { teacher } = await opened();
  const { probabilities } = await teacher.predict(ask(['cafe\u0301/1.png']));
  expect([...probabilities]).toEqual([1, 0, 0]);
  teacher.dispose();
});

test('the table is made once and used again', async () => {
  await writeAnswers(['a'], [[1, 0, 0]]);
  (await opened()).teacher.dispose();
  const files = await readdir(scratch);
  expect(files).toHaveLength(1);
  const [first, second] = await Promise.all([opened(), opened()]);
  expect(await readdir(scratch)).toEqual(files);
  first!.teacher.dispose();
  const { probabilities } = await second!.teacher.predict(ask(['a']));
  expect([...probabilities]).toEqual([1, 0, 0]);
  second!.teacher.dispose();
});

describe('refused, and nothing is left in the scratch folder', () => {
  afterEach(async () => expect(await readdir(scratch)).toEqual([]));

  test('an id that is there twice', async () => {
    await writeAnswers(
      ['a', 'b'],
      [
        [1, 0, 0],
        [1, 0, 0],
      ],
    );
    await writeAnswers(
      ['c', 'b'],
      [
        [1, 0, 0],
        [1, 0, 0],
      ],
      'b.parquet',
    );
    await expect(opened()).rejects.toThrow(
      "row 1 of the predictions in answers/b.parquet is the second with the id 'b'",
    );
  });
  test('another number of classes', async () => {
    await writeAnswers(['a'], [[0.5, 0.5]]);
    await expect(opened()).rejects.toThrow(
      'row 0 of the predictions in answers/a.parquet has 2 probabilities, and the task has 3 classes',
    );
  });
  test('an id that is there twice in one set, an unknown set, and sets in some files only', async () => {
    const rows = [
      [1, 0, 0],
      [1, 0, 0],
    ];
    const write = (sets: string[]) =>
      writeAnswers(['a', 'a'], rows, 'a.parquet', 'probabilities', sets);
    await write(['test', 'test']);
    await expect(opened()).rejects.toThrow("is the second with the id 'a' in the set test");
    await write(['test', 'train']);
    await expect(opened()).rejects.toThrow(
      'row 1 of the predictions in answers/a.parquet has no set (labeled, validation, test, unlabeled)',
    );
    await write(['test', 'labeled']);
    await writeAnswers(['b'], [[1, 0, 0]], 'b.parquet');
    await expect(opened()).rejects.toThrow(
      'only some of the predictions have a column set, and answers/b.parquet has none',
    );
  });
  test('a row without an id', async () => {
    await writeAnswers(
      ['a', null],
      [
        [1, 0, 0],
        [1, 0, 0],
      ],
    );
    await expect(opened()).rejects.toThrow(
      'row 1 of the predictions in answers/a.parquet has no id',
    );
  });
  test('columns of other names', async () => {
    await writeAnswers(['a'], [[1, 0, 0]], 'a.parquet', 'scores');
    await expect(opened()).rejects.toThrow(
      'have the columns id, scores (nested), and need id and probabilities',
    );
  });
  test('a file that is not Parquet', async () => {
    await writeFile(join(dataset, 'answers', 'a.parquet'), 'id,probabilities\n');
    await expect(opened()).rejects.toThrow('the predictions in answers/a.parquet cannot be read');
  });
});

test('a table gives back what was put in, and NaN for the rest', async () => {
  let made = 0;
  const float = fc.float({ noNaN: true });
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(fc.string(), fc.tuple(float, float)), { selector: ([id]) => id }),
      fc.string(),
      (rows, other) => {
        const path = join(scratch, String(made++));
        const table = PredictionTable.create(path, rows.length, 2);
        for (const [id, row] of rows) expect(table.add(id, row)).toBe(true);
        for (const [id] of rows) expect(table.add(id, [0, 0])).toBe(false);
        table.close();

        const opened = PredictionTable.open(path, 2);
        const found = new Float32Array(2);
        for (const [id, row] of rows) {
          opened.read(id, found);
          expect(found).toEqual(Float32Array.from(row));
        }
        if (!rows.some(([id]) => id === other)) {
          opened.read(other, found);
          expect([...found]).toEqual([Number.NaN, Number.NaN]);
        }
        opened.close();
      },
    ),
  );
});
