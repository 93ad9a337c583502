import { hasNumbers, type NumberReading, readNumbers } from './column-numbers.ts';
import type { ColumnStatistics } from './column-statistics.ts';
import type { Notation } from './row-values.ts';

/** A task of rows, as far as the choice of columns needs it. */
export interface RowTask {
  readonly type: string;
  readonly target: string;
  readonly numeric?: readonly string[] | undefined;
  readonly categorical?: readonly string[] | undefined;
}

/** Columns of the labeled set after all its rows. */
export interface TableStatistics {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, ColumnStatistics>;
}

/** A column, read as numbers and as texts. */
export interface ReadColumn {
  readonly name: string;
  readonly rows: number;
  readonly statistics: ColumnStatistics;
  readonly reading: NumberReading;
  /** Notation of the numbers; `ambiguous` if the whole table leaves it open. */
  readonly notation: Notation | 'ambiguous';
  /** Whether the column has numbers, by the task or by its content. */
  readonly isNumeric: boolean;
}

/** Reads all columns, so that an unclear notation follows from the other columns of the table. */
export function readColumns(
  task: RowTask,
  { rows, columns }: TableStatistics,
  names: readonly string[],
): ReadColumn[] {
  const readings = names.map((name) => {
    const statistics = columns.get(name)!;
    const reading = readNumbers(statistics);
    const isNumeric = task.numeric?.includes(name)
      ? true
      : !task.categorical?.includes(name) && hasNumbers(statistics, reading);
    return { name, rows, statistics, reading, isNumeric };
  });
  const notations = new Set(
    readings.flatMap(({ isNumeric, reading }) => (isNumeric ? [reading.notation] : [])),
  );
  return readings.map((column) => ({ ...column, notation: notationOf(column, notations) }));
}

/** Returns the notation of a column; the other columns of numbers decide if it is unclear. */
function notationOf(
  { reading, statistics }: Pick<ReadColumn, 'reading' | 'statistics'>,
  notations: ReadonlySet<NumberReading['notation']>,
): ReadColumn['notation'] {
  const { pointed, pointGroups } = statistics;
  if (reading.notation === 'ambiguous') {
    if (notations.has('comma') === notations.has('grouped')) return 'ambiguous';
    return notations.has('comma') ? 'comma' : 'grouped';
  }
  // In a table with decimal commas, 1.234 may mean 1234.
  const isUnclear = reading.notation === 'point' && pointed > 0 && pointed === pointGroups;
  return isUnclear && notations.has('comma') ? 'ambiguous' : reading.notation;
}
