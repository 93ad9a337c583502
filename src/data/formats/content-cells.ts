/** Content that is made of the columns that the task names, in any format of tables. */
import { UserError } from '../../errors.ts';
import { requireColumn } from '../columns.ts';
import type { ColumnsConfig } from '../columns-config.ts';
import type { Content } from '../example.ts';
import { kindOfTask } from '../features/index.ts';
import type { Cell } from '../features/row-values.ts';

/** The columns of the content, and the functions that convert their cells. */
export interface NamedCells {
  readonly names: readonly string[];
  /** Makes content, or returns a sentence on why there is none. */
  read(cells: readonly Cell[]): Content | string;
  /** Returns the cells by column. */
  write(content: Content): Record<string, Cell>;
}

/** Returns the columns that the task names as content; undefined if its kind has none. */
export function namedCells({ task, data }: ColumnsConfig): NamedCells | undefined {
  const { cells } = kindOfTask(task);
  if (cells === undefined) return undefined;
  const names = cells.names(task);
  const missing = new Set(data.missing);
  return {
    names,
    read: (values) => cells.read(values, missing),
    write(content) {
      const values = cells.write(content, names.length);
      return Object.fromEntries(names.map((name, index) => [name, values[index] ?? null]));
    },
  };
}

/**
 * Checks that a file has the columns that the task names as content.
 * @param label The column of the class.
 * @throws UserError if one is absent, or is the class.
 */
export function requireCells(
  key: string,
  columns: readonly string[],
  task: ColumnsConfig['task'],
  label: string | undefined,
): void {
  const { cells } = kindOfTask(task);
  for (const name of cells?.names(task) ?? []) {
    requireColumn(key, columns, cells?.field ?? '', name);
    if (name !== label) continue;
    throw new UserError(
      `The column '${name}' of '${key}' is the class, and ${cells?.field} also names it.`,
      `Set ${cells?.field} to the column of the texts, or data.label to that of the class, in distill.yaml.`,
    );
  }
}
