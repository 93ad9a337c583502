/** Rows of a table whose cells are difficult to read. */
import type { Features } from '../../src/data/features/index.ts';

/** Columns of a table in every notation, and a category. */
export const hardColumns = {
  kind: 'row',
  missing: ['', '?', 'NA', '-1', 'leer'],
  columns: [
    { kind: 'numeric', name: 'age', mean: 40, std: 12, range: [17, 90], missing: ['old', '7 %'] },
    { kind: 'numeric', name: 'size', mean: 1, std: 2, notation: 'comma', missing: ['12.5'] },
    { kind: 'numeric', name: 'income', mean: 2000, std: 900, notation: 'grouped' },
    { kind: 'categorical', name: 'fär ge', values: ['2', 'red', 'blå', '007', 'nan', '0.5'] },
  ],
} satisfies Features;

/** Cells as files and programs have them, by the column. */
const hardCells = {
  numbers: {
    age: [
      ...['17', ' 52.5\u00a0', '-999', 999, 1e30, 'NA', 'n/a', 'NULL', '', null, 'old', '7 %'],
      ...['-1', -1, '-1.0', '\u22125', '+3.', '.5e1', 1e200, 'Infinity', '2e1'],
    ],
    size: ['1,5', '-0,25', '1.234,5', '12.5', 12.5, '3', '1 234', '-1,0', '\u22121', '-', 2e-7],
    income: ['1,234.5', '1 234 567', "12'000", '99.5', '#N/A', 'leer', '?', 7, '-1.00'],
  },
  categories: [
    ...['2', 2, '2.0', '02', ' red ', 'RED', 'bla\u030a', 'blue', 'nan', null, '', '007', '7'],
    ...[0.5, '.5', '5e-1', '\u3000red\ufeff', 'leer', '12345678901234567890', 1e21, 1e-7],
  ],
} as const;

/** Makes rows that have every cell of every column. */
export function hardRows(): Record<string, string | number | null>[] {
  const numbers = Object.values(hardCells.numbers);
  return Array.from({ length: 40 }, (_, index) => ({
    ...Object.fromEntries(
      numbers.map((cells, column) => [
        hardColumns.columns[column]!.name,
        cells[index % cells.length]!,
      ]),
    ),
    'fär ge': hardCells.categories[index % hardCells.categories.length]!,
  }));
}
