import type { PageHeader } from 'hyparquet';
import { expect, test } from 'vitest';
import { createBudget, memoryOfValues } from '../../../src/data/parquet/budget.ts';
import { checkPage } from '../../../src/data/parquet/page.ts';

const MiB = 2 ** 20;

test('a row group may take a fixed memory, and more in proportion to its size in the file', () => {
  const empty = createBudget(0);
  empty.take(378 * MiB);
  const again = empty.mark();
  expect(() => empty.take(7 * MiB)).toThrow('take more than 384 MiB of memory');
  again();
  empty.take(6 * MiB);
  createBudget(100 * MiB).take(6_000 * MiB);
});

test('temporary memory of pages is not added up', () => {
  const budget = createBudget(0);
  for (let page = 0; page < 100; page++) budget.requireTemporary(300 * MiB);
  budget.take(100 * MiB);
  expect(() => budget.requireTemporary(300 * MiB)).toThrow(
    'write the file with smaller row groups',
  );
});

test('lists of 60,000 images of 784 integers, stored in 11 MB, fit into one row group', () => {
  const element = { repetition_type: 'OPTIONAL', type: 'INT64', name: 'element' } as const;
  const list = { repetition_type: 'REPEATED', name: 'list' } as const;
  const path = [{ name: 'root' }, list, element].map((each) => ({
    ...{ element: each, children: [], count: 1, path: [] },
  }));
  const budget = createBudget(11_000_000);
  const column = { type: 'INT64', element, path } as const;
  const pages = Array<number>(47).fill(1_000_000);
  for (const count of pages) {
    const { kept, temporary } = memoryOfValues(column, 'RLE_DICTIONARY', { count, missing: 0 });
    budget.take(kept);
    budget.requireTemporary(temporary);
  }
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
