import type { Content } from '../example.ts';
import { createColumnReader } from './row-cells.ts';
import type { RowFeatures } from './row-features.ts';

/**
 * Creates a function that returns the values of a row's features as a text. Numbers are equal
 * whatever their spelling (1, 1.0), and so are missing values.
 */
export function rowIdentity({ columns, missing }: RowFeatures): (content: Content) => string {
  const readers = columns.map((column) => ({
    name: column.name,
    read: createColumnReader(column, missing),
  }));
  return (content) => {
    if (content.kind !== 'row') throw new Error(`expected a row, found a ${content.kind}`);
    const values = readers.map(({ name, read }) => {
      const raw = content.columns[name] ?? null;
      const value = read(raw);
      // Not a number: such a row is quarantined, but two of them may still be equal.
      return value === undefined ? raw : value;
    });
    return JSON.stringify(values);
  };
}
