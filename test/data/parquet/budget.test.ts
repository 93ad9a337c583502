import type { PageHeader } from 'hyparquet';
import { expect, test } from 'vitest';
import { createBudget } from '../../../src/data/parquet/budget.ts';
import { checkPage } from '../../../src/data/parquet/page.ts';

const MiB = 2 ** 20;

test('a row group may take a fixed memory, and more in proportion to its size in the file', () => {
  const empty = createBudget(0);
  empty.take(250 * MiB);
  const again = empty.mark();
  expect(() => empty.take(7 * MiB)).toThrow('take more than 256 MiB of memory');
  again();
  empty.take(6 * MiB);
  createBudget(100 * MiB).take(6_000 * MiB);
});

test('a page of few bytes that states 100 million values is refused before they are decoded', () => {
  // A run of 100 million levels of 1: no value is missing, and the dictionary has one.
  const bytes = Uint8Array.from([6, 0, 0, 0, 0x80, 0x84, 0xaf, 0x5f, 1, 0]);
  const leaf = { repetition_type: 'OPTIONAL', type: 'INT32', name: 'x' } as const;
  const path = [{ name: 'root' }, leaf].map((element, depth) => ({
    ...{ element, children: [], count: 1, path: depth === 0 ? [] : ['x'] },
  }));
  const header: PageHeader = {
    type: 'DATA_PAGE',
    compressed_page_size: 10,
    uncompressed_page_size: 10,
    data_page_header: {
      num_values: 100_000_000,
      encoding: 'RLE_DICTIONARY',
      definition_level_encoding: 'RLE',
      repetition_level_encoding: 'RLE',
    },
  };
  const column = { type: 'INT32', element: leaf, path, dictionarySize: 1 } as const;
  const page = { header, bytes, end: 10 };
  expect(() => checkPage(page, column, createBudget(10))).toThrow('MiB of memory');
  expect(() => checkPage(page, column, createBudget(100 * MiB))).not.toThrow();
});
