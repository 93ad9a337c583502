import { UserError } from '../../errors.ts';
import { idColumn, labelColumn, type TableColumns } from '../columns.ts';
import { type Example, isRejected, type Rejected } from '../example.ts';
import { nothingUsable } from './nothing-usable.ts';
import type { ColumnFeatures, RowFeatures } from './row-features.ts';

/** Fields of a row task that fitting needs. */
interface RowTask {
  readonly type: string;
  readonly target: string;
  readonly numeric?: readonly string[] | undefined;
  readonly categorical?: readonly string[] | undefined;
}

/** Maximum number of known values of a categorical column; rarer values count as "unseen". */
const maxCategories = 1_000;

/**
 * Maximum number of distinct values counted per column; values that first appear later are ignored.
 */
const maxCounted = 100_000;

/** Statistics of a column after some rows. */
interface ColumnStatistics {
  /** Count of the numbers, their mean, and the sum of squared distances from it (Welford 1962). */
  count: number;
  mean: number;
  squares: number;
  /** Whether some value was not a finite number. */
  texts: boolean;
  readonly values: Map<string, number>;
}

/**
 * Fits rows in one pass: the mean and the standard deviation of every numeric column, and the
 * values of every categorical column.
 */
export async function fitRows(
  task: RowTask,
  data: TableColumns,
  examples: AsyncIterable<Example | Rejected>,
): Promise<RowFeatures> {
  const missing = new Set(['', ...data.missing]);
  const columns = new Map<string, ColumnStatistics>();
  let reason: string | undefined;
  for await (const item of examples) {
    if (isRejected(item) || item.content.kind !== 'row') {
      reason ??= isRejected(item) ? `'${item.id}': ${item.reason}` : undefined;
      continue;
    }
    for (const [name, raw] of Object.entries(item.content.columns)) {
      const column = columns.get(name) ?? emptyStatistics();
      columns.set(name, column);
      const value = typeof raw === 'string' ? raw.trim() : raw;
      if (value !== null && !missing.has(String(value))) addValue(column, value);
    }
  }
  if (columns.size === 0) throw nothingUsable(reason);
  const features = chooseColumns(task, data, columns);
  if (features.length === 0) {
    throw new UserError(
      `The labeled set has no column to learn from. Its columns: ${[...columns.keys()].join(', ')}.`,
      'Add feature columns, or name them in task.numeric and task.categorical.',
    );
  }
  return { kind: 'row', columns: features, missing: [...data.missing] };
}

function emptyStatistics(): ColumnStatistics {
  return { count: 0, mean: 0, squares: 0, texts: false, values: new Map() };
}

function addValue(column: ColumnStatistics, value: string | number): void {
  const text = String(value);
  const seen = column.values.get(text);
  if (seen !== undefined || column.values.size < maxCounted) {
    column.values.set(text, (seen ?? 0) + 1);
  }
  const number = Number(value);
  if (!Number.isFinite(number)) {
    column.texts = true;
    return;
  }
  column.count++;
  const distance = number - column.mean;
  column.mean += distance / column.count;
  column.squares += distance * (number - column.mean);
}

/**
 * Chooses the columns, in the order of the data. The task may list the numeric columns, the
 * categorical columns or both. A listed column has the kind of its list. A column that is in no
 * list is numeric if all its values are finite numbers, otherwise categorical. If the task lists
 * the columns of that kind, such a column is left out. Id, target and empty columns are not
 * features.
 */
function chooseColumns(
  task: RowTask,
  data: TableColumns,
  columns: ReadonlyMap<string, ColumnStatistics>,
): ColumnFeatures[] {
  const names = [...columns.keys()];
  const absent = [...(task.numeric ?? []), ...(task.categorical ?? [])].find(
    (name) => !columns.has(name),
  );
  if (absent !== undefined) {
    throw new UserError(
      `The labeled set has no column '${absent}'. Its columns: ${names.join(', ')}.`,
      'Correct task.numeric or task.categorical in distill.yaml.',
    );
  }
  const reserved = new Set([task.target, labelColumn(task, data), idColumn(names, data)]);
  return [...columns].flatMap(([name, column]): ColumnFeatures[] => {
    if (task.numeric?.includes(name)) return [numeric(name, column)];
    if (task.categorical?.includes(name)) return [categorical(name, column)];
    if (reserved.has(name) || column.values.size === 0) return [];
    if (column.texts) return task.categorical === undefined ? [categorical(name, column)] : [];
    return task.numeric === undefined ? [numeric(name, column)] : [];
  });
}

function numeric(name: string, { count, mean, squares }: ColumnStatistics): ColumnFeatures {
  const std = Math.sqrt(squares / Math.max(count, 1));
  return { kind: 'numeric', name, mean, std: std > 0 ? std : 1 };
}

/** Sorts values by falling frequency, and equally frequent ones by their UTF-16 codes. */
function categorical(name: string, { values }: ColumnStatistics): ColumnFeatures {
  const sorted = [...values].sort(
    ([first, firstCount], [second, secondCount]) =>
      secondCount - firstCount || (first < second ? -1 : 1),
  );
  return {
    kind: 'categorical',
    name,
    values: sorted.slice(0, maxCategories).map(([value]) => value),
  };
}
