/** Content of an example in a form that people can look at, for the report. */
import type { Content } from '../example.ts';

/** A small picture, the columns of a row, or the start of a text. */
export type Preview =
  | {
      readonly kind: 'picture';
      readonly type: 'image/png' | 'image/jpeg';
      readonly bytes: Uint8Array;
      /** In pixels. */
      readonly width: number;
      readonly height: number;
    }
  | {
      readonly kind: 'columns';
      /** Columns with their values. */
      readonly cells: readonly (readonly [string, string])[];
      /** Number of columns that are not shown. */
      readonly more: number;
    }
  | { readonly kind: 'text'; readonly text: string };

/** Maximum number of characters of a text, and of the value of a column. */
const [maxText, maxValue] = [300, 40];
/** Maximum number of columns of a row. */
const maxColumns = 12;

/** Returns the start of a text. */
export async function previewText(content: Content): Promise<Preview | undefined> {
  if (content.kind !== 'text') return undefined;
  // Enough UTF-16 code units for the characters, also if white space is removed.
  const start = content.text.slice(0, 4 * maxText).replace(/\s+/g, ' ');
  return { kind: 'text', text: cut(start.trim(), maxText) };
}

/** Returns the first columns of a row that have a value. */
export async function previewRow(content: Content): Promise<Preview | undefined> {
  if (content.kind !== 'row') return undefined;
  const filled = Object.entries(content.columns).filter(([, value]) => value !== null);
  const cells = filled
    .slice(0, maxColumns)
    .map(([name, value]) => [cut(name, maxValue), cut(String(value), maxValue)] as const);
  return { kind: 'columns', cells, more: filled.length - cells.length };
}

/**
 * Cuts a text after some characters, and marks the cut.
 * @example cut('abcdef', 3) // 'ab…'
 */
function cut(text: string, characters: number): string {
  const all = Array.from(text);
  return all.length <= characters ? text : `${all.slice(0, characters - 1).join('')}…`;
}
