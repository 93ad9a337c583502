/** Reads columns of a table as they are written, for a teacher with preprocessing of its own. */
import type { Example, Rejected } from '../example.ts';
import { wrongKind } from './kind.ts';
import { createCellReader } from './row-cells.ts';
import { type Cell, parseNumber } from './row-values.ts';

/** Type in which a model reads a column. */
export type RawType = 'number' | 'integer' | 'text';

export interface RawColumn {
  readonly name: string;
  readonly type: RawType;
}

/** Value of a column: a text, or a number, which is NaN if missing. */
export type RawValue = string | number;

/**
 * Returns a function that reads the columns of a row in their order, or reports why the row cannot
 * be used. Texts stay as they are written, even if they mean "missing"; null becomes an empty text.
 *
 * @param missing Texts that mean "missing", besides the usual ones.
 * @example
 * const read = rawReader([{ name: 'age', type: 'number' }], ['?']);
 * read({ id: 'a', label: undefined, content: { kind: 'row', columns: { age: '?' } } }); // [NaN]
 */
export function rawReader(
  columns: readonly RawColumn[],
  missing: readonly string[],
): (example: Example) => readonly RawValue[] | Rejected {
  const read = createCellReader(missing);
  return (example) => {
    const { id, content } = example;
    if (content.kind !== 'row') return wrongKind(example, 'a row');
    const values: RawValue[] = [];
    for (const { name, type } of columns) {
      const written = content.columns[name];
      const raw = written === undefined && content.isSparse ? null : written;
      if (raw === undefined) return { id, reason: `It has no column '${name}' (teacher.columns).` };
      const value = type === 'text' ? String(raw ?? '') : numberOf(read(raw));
      if (value === undefined || (type === 'integer' && !Number.isSafeInteger(value))) {
        const expected = type === 'integer' ? 'an integer' : 'a number';
        return { id, reason: `Its column '${name}' is '${raw}'; the teacher reads ${expected}.` };
      }
      values.push(value);
    }
    return values;
  };
}

/** Numbers of truth values, as pandas and scikit-learn convert them. */
const truthValues: ReadonlyMap<string, number> = new Map([
  ['false', 0],
  ['true', 1],
]);

/** Returns NaN if the value is missing, and undefined if it is not a number. */
function numberOf(value: Cell): number | undefined {
  if (typeof value === 'number') return value;
  if (value === null) return Number.NaN;
  const truth = truthValues.get(value.trim().toLowerCase());
  if (truth !== undefined) return truth;
  const number = parseNumber(value, 'point');
  return Number.isFinite(number) ? number : undefined;
}
