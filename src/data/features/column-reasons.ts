/** Reasons to leave a column out of the features. */
import { count } from '../../format.ts';
import type { ReadColumn, RowTask } from './column-reading.ts';
import { type ColumnStatistics, maxCounted } from './column-statistics.ts';
import { categoryText, isCompactDate, isDate } from './row-values.ts';

/** Returns why a column that the task does not list is left out, or undefined if it is one. */
export function reasonToLeaveOut(column: ReadColumn, task: RowTask): string | undefined {
  const { name, rows, statistics, isNumeric } = column;
  if (statistics.known === 0) return 'empty';
  if (isConstant(statistics, rows)) return `constant: always '${firstOf(statistics)}'`;
  if (isDated(name, statistics)) return 'dates or times';
  if (isIndex(statistics, rows)) return 'counts the rows';
  if (isId(name, statistics)) return 'an id: nearly every row has another value';
  if (!isNumeric && isUnique(statistics)) {
    const { distinct, known } = statistics;
    return `text that hardly repeats: ${count(distinct)} different values in ${count(known)} rows`;
  }
  const [field, other] = isNumeric ? ['numeric', task.numeric] : ['categorical', task.categorical];
  return other === undefined ? undefined : `task.${field} does not list it`;
}

/** Returns the first known value, for messages; at most 40 characters. */
export function firstOf({ values }: ColumnStatistics): string {
  const [first = ''] = values.keys();
  return first.length > 40 ? `${first.slice(0, 39)}…` : first;
}

function isConstant({ values, known }: ColumnStatistics, rows: number): boolean {
  if (rows < 2 || known < rows || values.size > 5) return false;
  return new Set([...values.keys()].map(categoryText)).size === 1;
}

/** Minimum number of rows of an index: in fewer, integers may rise by coincidence. */
const minIndexRows = 20;
/** Minimum share of rows in which an index rises; it starts again in every file. */
const minRises = 0.95;

/** Returns whether integers count the rows, in their order or shuffled. */
function isIndex(column: ColumnStatistics, rows: number): boolean {
  const { integers, known, rises, distinct } = column;
  if (!integers || known < rows || known < minIndexRows) return false;
  const [min, max] = column.wholeRange;
  const isGapless = distinct === known && max - min + 1 === known;
  return isGapless || rises >= minRises * (known - 1);
}

/** Names of ids and of indexes, as tools and people write them. */
const idName =
  /^(?:|unnamed: ?\d+|__index_level_\d+__|index|idx|#|nr\.?|no\.?|pk|row_?(?:id|names?|num(?:ber)?|nr)?|rn|s(?:erial)?\.? ?no\.?|(?:.*[^a-z])?(?:id|ids|uuid|guid|key))$/i;
const camelId = /[a-z](?:I[dD]|Uuid|UUID|Guid|GUID)$/;
/** Minimum share of different values of an id. */
const minIdShare = 0.95;

function isId(name: string, { values, known, integers, plain }: ColumnStatistics): boolean {
  if (!idName.test(name) && !camelId.test(name)) return false;
  // A measure may have the name, such as an index of refraction.
  if (plain === known && !integers) return false;
  return values.size >= minIdShare * Math.min(known, maxCounted);
}

/** Minimum share of dates among the values. */
const minDates = 0.9;
const timeName =
  /(?:^|[^a-z])(?:time|timestamp|ts|date|datetime|epoch|created|updated|modified)(?:$|[^a-z])|[a-z](?:Time|Date|At|_at)$|_at$/i;

function isDated(
  name: string,
  { values, texts, known, plain, integers, moments }: ColumnStatistics,
) {
  if (plain < known) return countWhere(texts, isDate) >= minDates * known;
  if (!integers) return false;
  if (moments.min >= 19_000_101 && moments.max <= 20_991_231) {
    return values.size > 1 && countWhere(values, isCompactDate) === known;
  }
  return timeName.test(name) && isEpoch(moments.min) && isEpoch(moments.max);
}

/** Returns whether a number is a time from 1990 to 2100 as seconds since 1970, or as ms, µs, ns. */
function isEpoch(value: number): boolean {
  return [1, 1e3, 1e6, 1e9].some((unit) => value >= 6.3e8 * unit && value <= 4.2e9 * unit);
}

function countWhere(counts: ReadonlyMap<string, number>, test: (text: string) => boolean): number {
  let sum = 0;
  for (const [text, times] of counts) if (test(text)) sum += times;
  return sum;
}

/** Minimum number of rows, and share of different texts, of a column whose texts hardly repeat. */
const [minTextRows, minTextShare] = [10, 0.5] as const;

function isUnique({ values, known }: ColumnStatistics): boolean {
  return known >= minTextRows && values.size > minTextShare * Math.min(known, maxCounted);
}
