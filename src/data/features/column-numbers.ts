/** Decides whether a column has numbers, and in which notation. */
import { sum } from '../../arrays.ts';
import type { ColumnStatistics } from './column-statistics.ts';
import { type Notation, parseNumber } from './row-values.ts';

/** A column, read as numbers. */
export interface NumberReading {
  /** `ambiguous`: all commas may be decimal commas or separate thousands. */
  readonly notation: Notation | 'ambiguous';
  /** Values that are numbers in the notation. */
  readonly numbers: number;
  /** Distinct texts that are not numbers in the notation, with their counts. */
  readonly odd: ReadonlyMap<string, number>;
}

/** Minimum number of values such as 1,234 that show thousands, if all others are below 1,000. */
const minGrouped = 5;

/** Reads a column as numbers: in the notation that explains the most values. */
export function readNumbers(column: ColumnStatistics): NumberReading {
  const point: NumberReading = { notation: 'point', numbers: column.plain, odd: column.texts };
  if (column.texts.size === 0) return point;
  const [grouped, comma] = [readAs('grouped', column), readAs('comma', column)];
  const best = Math.max(grouped.numbers, comma.numbers);
  if (point.numbers >= best) return point;
  if (grouped.numbers !== comma.numbers) return grouped.numbers === best ? grouped : comma;
  // All values fit both. If the others are integers below 1,000, commas separate thousands.
  const { moments, plain, pointed } = column;
  const isShort = plain > 0 && pointed === 0 && moments.max < 1000 && moments.min > -1000;
  if (isShort && best - plain >= minGrouped) return grouped;
  return { ...grouped, notation: 'ambiguous' };
}

function readAs(notation: 'grouped' | 'comma', column: ColumnStatistics): NumberReading {
  const { plain, pointed, pointGroups, texts } = column;
  const odd = new Map([...texts].filter(([text]) => parseNumber(text, notation) === undefined));
  const read = sum([...texts.values()]) - sum([...odd.values()]);
  return {
    notation,
    numbers: read + (notation === 'comma' ? plain - pointed + pointGroups : plain),
    odd,
  };
}

/** Largest share of other values in a column of numbers. */
const maxOddShare = 0.05;
/** Minimum number of values of a numeric column with one other text, such as a typing error. */
const minForOne = 10;
/** Maximum number of distinct texts that may mean "missing", and minimum of distinct numbers. */
const [maxOddTexts, minNumbers] = [3, 20] as const;

/** Returns whether a column has numbers, except a few other values, which count as missing. */
export function hasNumbers(column: ColumnStatistics, { numbers, odd }: NumberReading): boolean {
  const { known, distinct } = column;
  if (numbers === 0 || hasCodes(column)) return false;
  const others = known - numbers;
  if (others <= maxOddShare * known) return true;
  if (others === 1 && known >= minForOne) return true;
  const isStandIn = odd.size <= maxOddTexts && distinct - odd.size >= minNumbers;
  return isStandIn && numbers >= others;
}

/** Returns whether digits are codes, such as 01234: many are, or all have the same length. */
export function hasCodes({ codes, known, pointed, lengths }: ColumnStatistics): boolean {
  if (codes === 0 || pointed > 0) return false;
  return codes > maxOddShare * known || lengths.size === 1;
}
