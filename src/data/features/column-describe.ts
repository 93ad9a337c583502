import { sum } from '../../arrays.ts';
import { count, counted } from '../../format.ts';
import { looksUnique } from '../class-check.ts';
import type { NumericColumn } from './column-fit.ts';
import { hasCodes } from './column-numbers.ts';
import type { ReadColumn } from './column-reading.ts';
import type { ColumnReport } from './column-report.ts';
import { maxCounted } from './column-statistics.ts';
import type { CategoricalFeatures, ColumnFeatures, NumericFeatures } from './row-features.ts';
import { isDecorated, isFiniteSquare, type Notation, parseNumber } from './row-values.ts';
import { areLong, looksLikeTexts } from './text-look.ts';

/** Result for one column; `feature` is absent if the column is left out. */
export interface ChosenColumn {
  readonly feature?: ColumnFeatures;
  readonly report: ColumnReport;
  readonly warnings: readonly string[];
}

/** Describes a column that is not a feature, with the reason if there is something to say. */
export function describeLeftOut(
  column: ReadColumn,
  use: 'class' | 'id' | 'none',
  reason?: string,
): ChosenColumn {
  const notes = reason === undefined ? [] : [reason];
  const warnings =
    use === 'none'
      ? [...numberWarnings(column, 'left out as text'), ...textWarnings(column, 'left out')]
      : [];
  return { report: reportOf(column, use, column.statistics.known, notes), warnings };
}

/** Describes a numeric column: its range, and the values that count as missing. */
export function describeNumbers(
  column: ReadColumn,
  { features, count: used, sentinels }: NumericColumn,
): ChosenColumn {
  const { statistics, reading } = column;
  const odd = statistics.known - reading.numbers;
  const notes = [
    ...(odd > 0
      ? [
          `${counted(odd, 'value')} not ${odd === 1 ? 'a number' : 'numbers'}: ${examples(reading.odd)}`,
        ]
      : []),
    ...[...sentinels].map(([value, times]) => `${counted(times, 'value')} of ${value} as missing`),
    ...(statistics.unusable > 0
      ? [`${counted(statistics.unusable, 'number')} too large to use`]
      : []),
    ...(features.notation === 'comma' ? ['decimal commas'] : []),
    ...(features.notation === 'grouped' ? ['thousands separators'] : []),
  ];
  const { values: _, ...report } = reportOf(column, 'numeric', used, notes);
  return {
    feature: features,
    report: { ...report, ...(features.range && { range: features.range }) },
    warnings: [
      ...(odd > 0
        ? [
            `column ${column.name}: ${count(odd)} of ${counted(statistics.known, 'value')} ` +
              `${odd === 1 ? 'is not a number and counts' : 'are not numbers and count'} as missing: ${examples(reading.odd)}`,
          ]
        : []),
      ...outlierWarning(column, features),
    ],
  };
}

/** Describes a categorical column, and warns if most of its values look like numbers. */
export function describeCategories(
  column: ReadColumn,
  features: CategoricalFeatures,
  isNamed: boolean,
): ChosenColumn {
  const { statistics } = column;
  const { known, values } = statistics;
  const notes: string[] = [];
  if (hasCodes(statistics)) notes.push('codes such as 007, kept as text');
  if (features.values.length < values.size && values.size > features.values.length + 10) {
    notes.push(`only the ${count(features.values.length)} most frequent values count`);
  }
  const warnings = [
    ...(isNamed ? [] : numberWarnings(column, 'treated as text')),
    ...textWarnings(column, 'compared only as a whole'),
    ...uniqueWarning(column),
  ];
  const [found] = decoratedTexts(column);
  if (found !== undefined) notes.push(`numbers with a unit such as '${found}', kept as text`);
  return { feature: features, report: reportOf(column, 'categorical', known, notes), warnings };
}

/** Share of numbers, and number of different values, from which a column of text looks wrong. */
const [minMixed, minMixedValues] = [0.5, 20] as const;
/** Fewest different numbers with a unit or a sign that are warned of. */
const minDecorated = 5;

/** Lists numbers that `parseNumber` cannot read; a few may be names, such as 4K or 5G. */
function decoratedTexts({ statistics, isNumeric }: ReadColumn): string[] {
  return isNumeric ? [] : [...statistics.texts.keys()].filter(isDecorated);
}

/** Warns of numbers that count as text, because of other values or because of their spelling. */
function numberWarnings(column: ReadColumn, effect: string): string[] {
  const { name, statistics } = column;
  const { known, codes, texts, plain, values } = statistics;
  if (codes === 0 && plain >= minMixed * known && values.size > minMixedValues && texts.size > 0) {
    return [
      `column ${name}: ${count(plain)} of ${counted(known, 'value')} are numbers, but it is ${effect} because of others: ${examples(texts)}; list it in task.numeric to count those as missing`,
    ];
  }
  const found = decoratedTexts(column);
  if (found.length < minDecorated) return [];
  return [
    `column ${name}: ${count(found.length)} different values such as '${found[0]}' are ${effect}; write them as plain numbers such as -1234.5, without units`,
  ];
}

/** Distinct values of a column that are looked at. */
const maxLooked = 1_000;

/** Warns of a column of texts, whose words a table's features do not have. */
function textWarnings({ name, statistics, isNumeric }: ReadColumn, effect: string): string[] {
  const values = [...statistics.texts.keys()].slice(0, maxLooked);
  const differ = statistics.texts.size >= minTextShare * Math.min(statistics.known, maxCounted);
  if (isNumeric || values.length < minTexts || !looksLikeTexts(values)) return [];
  if (!differ && !areLong(values)) return [];
  return [
    `column ${name}: its texts of several words are ${effect}; to learn from their words, set task.type: text-classification and task.text: ${name}`,
  ];
}

/** Warns of values that are stored with the student and say nothing about other rows. */
function uniqueWarning({ name, statistics }: ReadColumn): string[] {
  const { distinct, known } = statistics;
  if (!looksUnique(statistics.values, Math.min(known, maxCounted))) return [];
  return [
    `column ${name}: ${count(distinct)} different values in ${counted(known, 'row')} are not categories: they tell nothing of other rows, and student.json would list them, which may be names or addresses; remove ${name} from task.categorical`,
  ];
}

/** Fewest different texts that are warned of, and their share among the values. */
const [minTexts, minTextShare] = [10, 0.25] as const;

function reportOf(
  { name, rows, statistics }: ReadColumn,
  use: ColumnReport['use'],
  used: number,
  notes: string[],
): ColumnReport {
  const missing = rows - used;
  return {
    ...{ name, use, missing, missingShare: missing / Math.max(rows, 1) },
    ...{ values: statistics.values.size, notes },
  };
}

/** Lists up to three texts, the most frequent first. */
function examples(texts: ReadonlyMap<string, number>): string {
  const shown = [...texts]
    .sort(([, first], [, second]) => second - first)
    .slice(0, 3)
    .map(([text]) => `'${text.length > 30 ? `${text.slice(0, 29)}…` : text}'`);
  return shown.join(', ') + (texts.size > shown.length ? ', …' : '');
}

/** Minimum distance of an outlier from the quartiles, in interquartile ranges. */
const outlierRanges = 1_000;

/** Warns of a number so large that all others become nearly equal. */
function outlierWarning({ name, statistics }: ReadColumn, features: NumericFeatures): string[] {
  const { range, mean, std, notation = 'point' } = features;
  if (range === undefined) return [];
  const extreme = range[1] - mean > mean - range[0] ? range[1] : range[0];
  if (Math.abs(extreme - mean) < minDeviations * std) return [];
  const [low, high] = quartiles(statistics.values, notation);
  const distance = Math.max(extreme - high, low - extreme);
  if (high <= low || distance < outlierRanges * (high - low)) return [];
  return [
    `column ${name}: ${extreme} is far from the other numbers, half of which lie between ${low} and ${high}; if it stands for a missing value, list it in data.missing`,
  ];
}

/** Minimum distance of an outlier from the mean, in deviations. In n numbers it is at most √n. */
const minDeviations = 5;

function quartiles(values: ReadonlyMap<string, number>, notation: Notation): [number, number] {
  const numbers = [...values]
    .map(([text, times]) => [parseNumber(text, notation) ?? Number.NaN, times] as const)
    .filter(([number]) => isFiniteSquare(number))
    .sort(([first], [second]) => first - second);
  const total = sum(numbers.map(([, times]) => times));
  const at = (share: number) => {
    let before = 0;
    for (const [number, times] of numbers) {
      before += times;
      if (before >= share * total) return number;
    }
    return Number.NaN;
  };
  return [at(0.25), at(0.75)];
}
