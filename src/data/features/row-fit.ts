import { UserError } from '../../errors.ts';
import { listNames, type TableColumns } from '../columns.ts';
import { type Content, type Example, isRejected, type Rejected } from '../example.ts';
import { type ChosenColumns, chooseColumns } from './column-choice.ts';
import type { RowTask } from './column-reading.ts';
import type { ColumnsReport } from './column-report.ts';
import { ColumnStatistics } from './column-statistics.ts';
import { nothingUsable } from './nothing-usable.ts';
import { createCellReader } from './row-cells.ts';
import type { RowFeatures } from './row-features.ts';

/** Collects the statistics of all columns, row by row. */
export interface TableSurvey {
  add(content: Content): void;
  /** Number of rows added. */
  readonly rows: number;
  /** Names of the columns, in the order of the data. */
  names(): string[];
  /** @throws UserError if the columns do not fit the task. */
  choose(task: RowTask): ChosenColumns;
}

/** Starts to collect the statistics of a table's columns. */
export function surveyTable(data: TableColumns): TableSurvey {
  const read = createCellReader(data.missing);
  const columns = new Map<string, ColumnStatistics>();
  let rows = 0;
  return {
    add(content) {
      if (content.kind !== 'row') return;
      rows++;
      for (const name of Object.keys(content.columns)) {
        const column = columns.get(name) ?? new ColumnStatistics();
        if (column.known === 0) columns.set(name, column);
        const value = read(content.columns[name]!);
        if (value !== null) column.add(value);
      }
    },
    get rows() {
      return rows;
    },
    names: () => [...columns.keys()],
    choose: (task) => chooseColumns(task, data, { rows, columns }),
  };
}

/**
 * Fits rows in one pass: the mean and the standard deviation of every numeric column, and the
 * values of every categorical column.
 *
 * @param report Receives the description of all columns.
 */
export async function fitRows(
  task: RowTask,
  data: TableColumns,
  examples: AsyncIterable<Example | Rejected>,
  report: (columns: ColumnsReport) => void = () => {},
): Promise<RowFeatures> {
  const survey = surveyTable(data);
  let reason: string | undefined;
  for await (const item of examples) {
    if (!isRejected(item)) survey.add(item.content);
    else reason ??= `'${item.id}': ${item.reason}`;
  }
  if (survey.rows === 0) throw nothingUsable(reason);
  const { features, ...columns } = survey.choose(task);
  report(columns);
  if (features.length === 0) throw nothingToLearn(survey.names(), columns);
  return { kind: 'row', columns: [...features], missing: [...data.missing] };
}

function nothingToLearn(names: readonly string[], { columns }: ColumnsReport): UserError {
  const reasons = columns
    .filter(({ use }) => use === 'none')
    .slice(0, 10)
    .map(({ name, notes }) => `\n  ${name}: ${notes.join('; ')}`);
  return new UserError(
    `The labeled set has no column to learn from. Its columns: ${listNames(names)}.${reasons.join('')}`,
    'Add feature columns, or name them in task.numeric and task.categorical. To learn from the words of a text, set task.type: text-classification and task.text to its column.',
  );
}
