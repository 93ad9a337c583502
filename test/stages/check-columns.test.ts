/** Columns of the sets compared with those of the features. */
import { expect, test } from 'vitest';
import type { TableFile } from '../../src/data/cut.ts';
import type { Features } from '../../src/data/features/index.ts';
import { checkColumns } from '../../src/stages/plan/check-columns.ts';
import { readerConfig } from '../support/reader-config.ts';

const numeric = (name: string) => ({ kind: 'numeric', name, mean: 0, std: 1 }) as const;
const features: Features = {
  kind: 'row',
  columns: ['income', 'size', 'x2'].map(numeric),
  missing: [],
};
const { task, data, ...others } = readerConfig('row', { format: 'csv' });

/** Checks files of these sets and columns, for a teacher of the columns income and age. */
function check(...files: [TableFile['set'], string][]): void {
  const tables = files.map(([set, columns]) => ({
    ...{ set, key: `${set}/b/a.csv`, columns: columns.split(',') },
  }));
  // Only these sections are read.
  const config = { ...others, task, data, teacher: { columns: ['income', 'age'] } };
  checkColumns({ config: config as never }, features, tables);
}

test('sets may have the columns in any order, and others besides', () => {
  expect(() =>
    check(['labeled', 'x2,income,age,size,label'], ['unlabeled', 'size,x2,age,income']),
  ).not.toThrow();
});

test.each<[TableFile['set'], string, RegExp]>([
  [
    'unlabeled',
    'Income,size',
    /^'unlabeled\/b\/a\.csv' lacks 2 of the 3 columns .*: income \(it has Income\), x2\. Its other columns: Income\.$/,
  ],
  ['unlabeled', 'income ,size,x_2', /income \(it has income \), x2 \(it has x_2\)/],
  ['test', 'size,income,label', /lacks 1 of .*: x2\. Its other columns: label/],
  ['test', 'size,income,x2,age', /no column 'label' \(task\.target\)/],
  ['validation', 'size,income,x2,age,Label', /no column 'label' \(task\.target\)\. It has 'Label'/],
  [
    'unlabeled',
    'size,income,x2,Age',
    /lacks 1 of the 2 columns that the teacher reads \(teacher\.columns\): age \(it has Age\)\./,
  ],
])('%s with the columns %s is refused', (set, columns, message) => {
  expect(() => check(['labeled', 'income,size,x2,age,label'], [set, columns])).toThrow(message);
});
