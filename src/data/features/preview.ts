/** Content of an example in a form that people can look at. */
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

/** Limits of a preview. */
export interface PreviewSize {
  /** Length of a picture's longer side, in pixels. */
  readonly side: number;
  /** Characters of a text. */
  readonly text: number;
  /** Columns of a row, and characters of the value of a column. */
  readonly columns: number;
  readonly value: number;
}

/** Limits in the report, which shows many examples. */
export const thumbnail: PreviewSize = { side: 112, text: 300, columns: 12, value: 40 };
/** Limits in the page to label, which shows one example at a time. */
export const legible: PreviewSize = { side: 320, text: 3000, columns: 60, value: 300 };

/** Returns a picture as a data URL. */
export function pictureUrl({ type, bytes }: Extract<Preview, { kind: 'picture' }>): string {
  return `data:${type};base64,${Buffer.from(bytes).toString('base64')}`;
}

/** Returns the start of a text. */
export async function previewText(
  content: Content,
  { text: maxText }: PreviewSize,
): Promise<Preview | undefined> {
  if (content.kind !== 'text') return undefined;
  // Enough UTF-16 code units for the characters, also if white space is removed.
  const start = content.text.slice(0, 4 * maxText).replace(/\s+/g, ' ');
  return { kind: 'text', text: cut(start.trim(), maxText) };
}

/** Returns the first columns of a row that have a value. */
export async function previewRow(
  content: Content,
  { columns: maxColumns, value: maxValue }: PreviewSize,
): Promise<Preview | undefined> {
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
