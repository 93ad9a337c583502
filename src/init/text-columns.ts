/** Decides whether the examples of a table are its texts or its rows. */
import { kinds } from '../data/features/index.ts';
import type { ColumnSample } from '../data/features/kind.ts';
import { isDate } from '../data/features/row-values.ts';
import { textKind } from '../data/features/text.ts';
import { looksLikeTexts } from '../data/features/text-look.ts';
import type { Format } from '../data/formats/format.ts';
import { isScalar } from '../data/value-type.ts';
import { UserError } from '../errors.ts';
import { percent } from '../format.ts';
import { isUsable } from './sampled-column.ts';

/** Minimum share of a row's characters from which its texts are its content. */
const minShare = 2 / 3;

/** The columns of texts of a table. */
export interface FoundTexts {
  readonly columns: readonly string[];
  /** Share of the characters in these columns, among all columns that may be features. */
  readonly share: number;
  /** Columns that rows could learn from, too. */
  readonly others: readonly string[];
}

/** Returns whether a column has texts of several words. */
export function holdsTexts(sample: ColumnSample): boolean {
  return isScalar(sample.type) && !sample.isFolder && kinds.text.cells!.recognizes(sample);
}

/** Finds the columns of texts, if the format can hold texts. */
export function findTexts(
  features: readonly ColumnSample[],
  { kinds: names }: Format,
): FoundTexts | undefined {
  if (!names.includes(textKind.name)) return undefined;
  const texts = features.filter(holdsTexts);
  if (texts.length === 0) return undefined;
  const others = features.filter(
    (column) =>
      !texts.includes(column) &&
      !hasDates(column) &&
      (isUsable(column, features) || hasNumbers(column)),
  );
  const characters = charactersIn(texts, Number.POSITIVE_INFINITY);
  return {
    columns: texts.map(({ name }) => name),
    share: characters / (characters + charactersIn(others, maxCounted)),
    others: others.map(({ name }) => name),
  };
}

/** Returns whether the texts of a table are its content. */
export function areContent({ share, others }: FoundTexts): boolean {
  return others.length === 0 || share >= minShare;
}

/** Describes the choice of texts, or of rows, where a table has both. */
export function* notesOnTexts(found: FoundTexts): Iterable<string> {
  const { columns, share, others } = found;
  const names = columns.join(', ');
  if (!areContent(found)) {
    const field = columns.length > 1 ? `[${names}]` : names;
    yield `Texts of several words: ${names}, ${percent(share, 0)} of the characters of a row, so the examples are rows, which compare texts only as a whole. To learn from the texts instead, set task.type: ${textKind.task} and task.text: ${field}.`;
    return;
  }
  const why = others.length === 0 ? '' : `, ${percent(share, 0)} of the characters of a row`;
  const joined = columns.length > 1 ? ', joined to one text. Choose task.text' : '';
  yield `The examples are texts: ${names}${why}${joined}.`;
  if (others.length === 0) return;
  yield `Not learned from: ${others.join(', ')}. To learn from these columns instead, set task.type: ${kinds.row.task}.`;
}

function hasNumbers({ type, values, isIndex, isFolder }: ColumnSample): boolean {
  const known = values.filter((value) => value !== null && value !== undefined && value !== '');
  if (type.kind !== 'text' || isIndex || isFolder || known.length === 0) return false;
  return known.every((value) => Number.isFinite(Number(value))) && !isCount(known.map(Number));
}

function isCount(values: readonly number[]): boolean {
  return values.every((value, row) => row === 0 || value === values[row - 1]! + 1);
}

function hasDates({ values }: ColumnSample): boolean {
  const texts = values.filter((value) => typeof value === 'string' && value !== '').map(String);
  return texts.length > 0 && texts.filter(isDate).length > texts.length / 2;
}

/** Upper bound on the characters that count of a value that is not a text, such as a number. */
const maxCounted = 12;

function charactersIn(columns: readonly ColumnSample[], most: number): number {
  const lengths = columns.flatMap(({ values }) =>
    values.map((value) => (value === null || value === undefined ? 0 : String(value).length)),
  );
  return lengths.reduce((sum, length) => sum + Math.min(length, most), 0);
}

/**
 * Checks that the header of a table with texts has names.
 * @throws UserError if it looks like a row: a name is a text, and another one is a number or a
 *   value of its own column.
 */
export function requireNames(key: string, columns: readonly ColumnSample[]): void {
  const text = columns.find((column) => holdsTexts(column) && looksLikeTexts([column.name]));
  const isData = columns.some(
    ({ name, values }) => /^\d+$/.test(name) || (values.includes(name) && new Set(values).size > 1),
  );
  if (text === undefined || !isData) return;
  throw new UserError(
    `The first line of '${key}' looks like data, not like the names of columns: it has the text '${text.name.slice(0, 60)}'.`,
    'Add a line with the names of the columns to every file.',
  );
}
