import { UserError } from '../../errors.ts';
import { idColumn, labelColumn, listNames, type TableColumns } from '../columns.ts';
import {
  type ChosenColumn,
  describeCategories,
  describeLeftOut,
  describeNumbers,
} from './column-describe.ts';
import { fitCategories, fitNumbers } from './column-fit.ts';
import {
  type ReadColumn,
  type RowTask,
  readColumns,
  type TableStatistics,
} from './column-reading.ts';
import { firstOf, reasonToLeaveOut } from './column-reasons.ts';
import type { ColumnsReport } from './column-report.ts';
import type { ColumnFeatures } from './row-features.ts';
import { parseNumber } from './row-values.ts';

/** The features of a table, and the description of all its columns. */
export interface ChosenColumns extends ColumnsReport {
  readonly features: readonly ColumnFeatures[];
}

/**
 * Chooses the columns, in the order of their names, so that the order in the files does not matter.
 * A column that the task names has the kind that the task gives it. Any other column is numeric or
 * categorical by its content, or is left out: the id, the class, columns that would not help on
 * other rows, and columns of a kind that the task lists.
 *
 * @throws UserError if a column that the task names does not exist or has no numbers, or if the
 *   numbers of a column can be read in two ways.
 */
export function chooseColumns(
  task: RowTask,
  data: TableColumns,
  table: TableStatistics,
): ChosenColumns {
  const names = [...table.columns.keys()].sort();
  requireNames(table);
  requireNamed(task, names);
  const id = idColumn(names, data);
  const chosen = readColumns(task, table, names).map((column): ChosenColumn => {
    const { name } = column;
    const isNamed = isListed(task, name);
    if (!isNamed && [labelColumn(task, data), task.target].includes(name)) {
      return describeLeftOut(column, 'class');
    }
    if (!isNamed && name === id) return describeLeftOut(column, 'id');
    const reason = isNamed ? undefined : reasonToLeaveOut(column, task);
    if (reason !== undefined) return describeLeftOut(column, 'none', reason);
    return column.isNumeric ? numericColumn(column) : categoricalColumn(column, isNamed);
  });
  return {
    features: chosen.flatMap(({ feature }) => feature ?? []),
    columns: chosen.map(({ report }) => report),
    warnings: firstOnes(chosen.flatMap(({ warnings }) => warnings)),
  };
}

function isListed({ numeric, categorical }: RowTask, name: string): boolean {
  return (numeric?.includes(name) || categorical?.includes(name)) ?? false;
}

/** Warnings shown; a table may have tens of thousands of columns. */
const maxWarnings = 20;

function firstOnes(warnings: readonly string[]): readonly string[] {
  const more = warnings.length - maxWarnings;
  if (more < 2) return warnings;
  return [...warnings.slice(0, maxWarnings), `${more} more columns have such warnings`];
}

/** @throws UserError if the names of the columns look like a row: they occur as values below. */
function requireNames({ columns }: TableStatistics): void {
  const names = [...columns.keys()];
  const isNumber = (name: string) => parseNumber(name, 'point') !== undefined;
  const repeated = [...columns].flatMap(([name, { values }]) =>
    !isNumber(name) && values.size > 1 && values.has(name) ? [name] : [],
  );
  const isRow = repeated.length > 1 || (repeated.length === 1 && names.some(isNumber));
  if (!isRow) return;
  throw new UserError(
    `The first line of the labeled files looks like data, not like the names of columns: '${repeated[0]}' is also a value below it. It has: ${listNames(names)}.`,
    'Add a line with the names of the columns to every file.',
  );
}

function requireNamed(task: RowTask, names: readonly string[]): void {
  const absent = [...(task.numeric ?? []), ...(task.categorical ?? [])].find(
    (name) => !names.includes(name),
  );
  if (absent === undefined) return;
  throw new UserError(
    `The labeled set has no column '${absent}'. Its columns: ${listNames(names)}.`,
    'Correct task.numeric or task.categorical in distill.yaml.',
  );
}

function numericColumn(column: ReadColumn): ChosenColumn {
  const { name, reading, notation, statistics } = column;
  if (reading.numbers === 0) {
    throw new UserError(
      `The column '${name}' (task.numeric) has no numbers in the labeled set, but texts such as '${firstOf(statistics)}'.`,
      'Move it to task.categorical in distill.yaml, or leave it out.',
    );
  }
  if (notation === 'ambiguous') throw ambiguous(column);
  return describeNumbers(column, fitNumbers(name, statistics, reading, notation));
}

function ambiguous({ name, statistics }: ReadColumn): UserError {
  const example = [...statistics.values.keys()].find((text) => /[.,]/.test(text)) ?? '';
  const [sign] = /[.,]/.exec(example) ?? [''];
  const what = sign === ',' ? 'comma' : 'point';
  return new UserError(
    `The numbers of the column '${name}' can be read in two ways: the ${what} in '${example}' may be a decimal ${what} or separate thousands.`,
    'Write the column with a decimal point and without thousands separators, or list the columns to use in task.numeric and task.categorical without it.',
  );
}

function categoricalColumn(column: ReadColumn, isNamed: boolean): ChosenColumn {
  return describeCategories(column, fitCategories(column.name, column.statistics), isNamed);
}
