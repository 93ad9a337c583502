/** Names of the columns of Parquet and CSV files: in the config, and in the files. */
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { isLabeled, type SetName } from './shard.ts';
import type { Task } from './task.ts';

/** Fields of the section `data` that readers and writers of files need. */
export const columnFields = {
  id: z
    .string()
    .optional()
    .describe('Column of the id (Parquet, CSV). Default: "id" if the file has it, else the row.'),
  label: z
    .string()
    .optional()
    .describe(
      'Column of the class (Parquet). Default: the target of a tabular task, else "label".',
    ),
  image: z.string().default('image').describe('Column of the encoded image (Parquet).'),
  vector: z.string().default('features').describe('Column of the list of floats (Parquet).'),
  missing: z.array(z.string()).default(['', '?', 'NA']).describe('Texts that mean "missing".'),
};

const columnsSchema = z.strictObject(columnFields);

/** Config fields that the readers and writers of a format need. */
export interface ColumnsConfig {
  readonly task: Task;
  readonly data: z.infer<typeof columnsSchema>;
}

type Columns = ColumnsConfig['data'];

/** Returns the column that holds the class, in Parquet and CSV. */
export function labelColumn(task: Task, data: Columns): string {
  return data.label ?? (task.type === 'tabular-classification' ? task.target : 'label');
}

/** Returns the column that holds the id, or undefined if the row's number is the id. */
export function idColumn(columns: readonly string[], data: Columns): string | undefined {
  return data.id ?? (columns.includes('id') ? 'id' : undefined);
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
  { task, data }: ColumnsConfig,
): { readonly id: string | undefined; readonly label: string | undefined } {
  const id = idColumn(columns, data);
  if (id !== undefined) requireColumn(key, columns, 'data.id', id);
  if (!isLabeled(set)) return { id, label: undefined };
  const label = labelColumn(task, data);
  const byTarget = data.label === undefined && task.type === 'tabular-classification';
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
  throw new UserError(
    `'${key}' has no column '${name}' (${field}). Its columns: ${columns.join(', ')}.`,
    `Set ${field} in distill.yaml to one of them.`,
  );
}
