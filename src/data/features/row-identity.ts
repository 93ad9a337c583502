import type { Content } from '../example.ts';
import type { RowFeatures } from './row-features.ts';

/**
 * Returns the values of a row's features as a text. Numbers are equal whatever their spelling
 * (1, 1.0), and so are missing values.
 */
export function rowIdentity(content: Content, { columns, missing }: RowFeatures): string {
  if (content.kind !== 'row') throw new Error(`expected a row, found a ${content.kind}`);
  const values = columns.map(({ kind, name }) => {
    const raw = content.columns[name] ?? '';
    const text = String(raw).trim();
    if (text === '' || missing.includes(text)) return null;
    const number = kind === 'numeric' ? Number(text) : Number.NaN;
    return Number.isFinite(number) ? number : text;
  });
  return JSON.stringify(values);
}
