/** Finds the columns of Parquet and CSV files that hold id and label. */
import { UserError } from '../errors.ts';
import { isLabeled, type SetName } from './shard.ts';

/** Config fields on the columns of tables that every kind of features has. */
export interface TableColumns {
  readonly id?: string | undefined;
  readonly label?: string | undefined;
  /** Texts that mean "missing". */
  readonly missing: readonly string[];
}

/** A task. It has a target if the class is a column of the row itself. */
interface LabeledTask {
  readonly type: string;
  readonly target?: string;
}

/** Returns the column that holds the class, in Parquet and CSV. */
export function labelColumn(task: LabeledTask, { label }: TableColumns): string {
  return label ?? task.target ?? 'label';
}

/** Returns the column that holds the id, or undefined if the row's number is the id. */
export function idColumn(columns: readonly string[], { id }: TableColumns): string | undefined {
  return id ?? (columns.includes('id') ? 'id' : undefined);
}

/**
 * Finds the columns of a Parquet or CSV file that hold id and label, if any.
 * @throws UserError if the file lacks the id column that the config names, or the label column of a
 *   labeled set.
 */
export function findColumns(
  key: string,
  columns: readonly string[],
  set: SetName,
  { task, data }: { readonly task: LabeledTask; readonly data: TableColumns },
): { readonly id: string | undefined; readonly label: string | undefined } {
  const id = idColumn(columns, data);
  if (id !== undefined) requireColumn(key, columns, 'data.id', id);
  if (!isLabeled(set)) return { id, label: undefined };
  const byTarget = data.label === undefined && task.target !== undefined;
  const label = labelColumn(task, data);
  requireColumn(key, columns, byTarget ? 'task.target' : 'data.label', label);
  return { id, label };
}

/** @throws UserError if the file lacks the column that `field` of the config names. */
export function requireColumn(
  key: string,
  columns: readonly string[],
  field: string,
  name: string,
): void {
  if (columns.includes(name)) return;
  const meant = columns.find((column) => column.toLowerCase() === name.toLowerCase());
  const has = meant === undefined ? `Its columns: ${listNames(columns)}` : `It has '${meant}'`;
  throw new UserError(
    `'${key}' has no column '${name}' (${field}). ${has}.`,
    `Name the column '${name}' in every file, or set ${field} in distill.yaml.`,
  );
}

/** Names listed in a message; a table may have tens of thousands. */
const maxListed = 30;

/** Lists names of columns for a message: at most 30. */
export function listNames(names: readonly string[]): string {
  const more = names.length - maxListed;
  return more > 1 ? `${names.slice(0, maxListed).join(', ')} and ${more} more` : names.join(', ');
}
