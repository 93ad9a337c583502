/** Makes a text of the cells of a table's row. */
import type { Content } from '../example.ts';
import { missingMarks } from '../missing-marks.ts';
import type { Cell } from './row-values.ts';

/** Joins the cells that are not missing, one per line. Normalizing makes spaces of line ends. */
export function readTextCells(
  cells: readonly Cell[],
  missing: ReadonlySet<string>,
): Content | string {
  const texts = cells.flatMap((cell) => {
    const text = cell === null ? '' : String(cell);
    const trimmed = text.trim();
    const isMissing = trimmed === '' || missing.has(trimmed) || missingMarks.has(trimmed);
    return isMissing ? [] : [text];
  });
  return contentOfText(texts.join('\n'));
}

/** Returns cells that `readTextCells` joins to the text: the text, then missing ones. */
export function writeTextCells(text: string, columns: number): Cell[] {
  return Array.from({ length: columns }, (_, index) => (index === 0 ? text : null));
}

/** Returns the text of content as it is written. */
export function writtenText(content: Content): string {
  if (content.kind !== 'text') throw new Error(`expected a text, found a ${content.kind}`);
  return content.text;
}

/** A character that can be seen, rather than white space, a control or a format character. */
const visible = /[^\p{Control}\p{Format}\p{Separator}]/u;

/** Makes content of a text, or returns a sentence on why it cannot. */
export function contentOfText(text: string): Content | string {
  if (visible.test(text)) return { kind: 'text', text };
  return text.trim() === '' ? 'Its text is empty.' : 'Its text has no visible characters.';
}
