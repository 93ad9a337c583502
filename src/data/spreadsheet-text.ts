/**
 * Texts as cells of CSV files that people open in spreadsheets. A spreadsheet runs a cell that
 * starts with =, +, - or @ as a formula, also behind characters that it drops. Such a text gets a
 * `'` in front, the mark of spreadsheets for text, and `fromSpreadsheet` takes it off.
 *
 * A spreadsheet whose language separates cells with semicolons also starts a cell behind each
 * semicolon, tab and line end, whether it is in quotes or not. Each such part is a text of its own
 * here.
 *
 * A text that starts with `'` itself gets another one if a formula follows, so that each text has
 * one cell, and each cell one text.
 *
 * Source: OWASP, CSV Injection, https://owasp.org/www-community/attacks/CSV_Injection
 */
import { csvField } from './formats/csv-records.ts';

/** A negative number, which a spreadsheet reads as a number. */
const negative = /-\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/u.source;
/** The start of a formula, after characters that a spreadsheet may drop. */
const formula = /(?:(?![;\t\r\n])['"\s\p{Cc}])*[=+\-@＝＋－＠]/u.source;
/** White space or a control character at the start of a text. */
const dropped = /['"]*[\s\p{Cc}]/u.source;

/** Returns the source of a pattern for `mark` where a text, or a part of it, needs a mark. */
const startOf = (mark: string) =>
  `^${mark}(?=${formula}|${dropped})(?!${negative}$)` +
  `|(?<=[;\\t\\r\\n])${mark}(?=${formula})(?!${negative}(?:[;\\t\\r\\n]|$))`;

/** Source of the pattern, flags g and u, that finds where `spreadsheetText` puts a `'`. */
export const unmarkedStart = startOf('');
const unmarked = new RegExp(unmarkedStart, 'gu');
const marked = new RegExp(startOf("'"), 'gu');

/**
 * Returns a text as the content of a cell that no spreadsheet runs as a formula.
 *
 * @example
 * spreadsheetText('=1+1') // '=1+1
 * spreadsheetText('-5') // -5
 * spreadsheetText('dog;-cat') // dog;'-cat
 */
export function spreadsheetText(text: string): string {
  return text.replace(unmarked, "'");
}

/** Returns the text of a cell that `spreadsheetText` made, also after a spreadsheet saved it. */
export function fromSpreadsheet(cell: string): string {
  return cell.replace(marked, '');
}

/** Returns a field of a CSV file for spreadsheets. Numbers stay numbers. */
export function spreadsheetField(value: string | number): string {
  return csvField(typeof value === 'number' ? value : spreadsheetText(value));
}
