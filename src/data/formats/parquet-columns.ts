/** Chooses the columns of a Parquet file that a task needs. */
import { UserError } from '../../errors.ts';
import { findColumns, requireColumn } from '../columns.ts';
import type { ColumnsConfig } from '../columns-config.ts';
import { type ColumnField, kindOfTask, type Task } from '../features/index.ts';
import type { ContentColumn } from '../features/kind.ts';
import type { SetName } from '../shard.ts';
import { describeType, isScalar } from '../value-type.ts';
import { type NamedCells, namedCells, requireCells } from './content-cells.ts';
import type { ParquetSource, SourceColumn } from './parquet-source.ts';

/** The columns to read. */
export interface ReadColumns {
  readonly id: string | undefined;
  readonly label: string | undefined;
  /** The class in the names of the file's folders, if the file also has a column of the class. */
  readonly labelInPath: string | undefined;
  /** The column of the content, if it is one column. */
  readonly column: ContentColumn<ColumnField> | undefined;
  /** The columns of the content, if the task names them. */
  readonly cells: NamedCells | undefined;
  readonly content: readonly string[];
}

/** Chooses the columns to read. */
export type ColumnChooser = (
  file: ParquetSource,
  key: string,
  set: SetName,
  config: ColumnsConfig,
) => ReadColumns;

/** Chooses the columns of the id and the label. */
export const labelColumns: ColumnChooser = (file, key, set, config) => {
  const names = file.columns.map((column) => column.name);
  const named = findColumns(key, names, set, config);
  const isList = requireLabels(file, key, named.label, config.task);
  const single = isList ? [named.id] : [named.id, named.label];
  requireSingleValues(file, key, single, 'the id and the class are one text or number per row');
  return {
    ...named,
    labelInPath: labelInPath(file, named.label),
    column: undefined,
    cells: undefined,
    content: [],
  };
};

/** Chooses the columns of the id, the label and the content. */
export const allColumns: ColumnChooser = (file, key, set, config) => {
  const { task, data } = config;
  const found = labelColumns(file, key, set, config);
  const { column } = kindOfTask(task);
  const cells = namedCells(config);
  if (cells !== undefined) {
    const columns = file.columns.map((each) => each.name);
    requireCells(key, columns, task, found.label);
    requireSingleValues(file, key, cells.names, 'a text is one value per row');
    return { ...found, column, cells, content: cells.names };
  }
  if (column === undefined) {
    return { ...found, column, content: rowColumns(file.columns, task) };
  }
  const name = data[column.field];
  const names = file.columns.map((each) => each.name);
  requireColumn(key, names, `data.${column.field}`, name);
  const { type } = file.columns.find((each) => each.name === name)!;
  if (!column.accepts(type) && type.kind !== 'nothing') {
    throw new UserError(
      `The column '${name}' (data.${column.field}) of '${key}' has ${describeType(type)}; expected ${column.expected} per row.`,
      column.advice,
    );
  }
  return { ...found, column, content: [name] };
};

/** Returns the class in the path of a file, if the file also has a column of the class. */
function labelInPath({ columns, partitions }: ParquetSource, label: string | undefined) {
  const column = columns.find(({ name }) => name === label);
  if (column === undefined || column.isFolder || column.classNames) return undefined;
  return partitions.get(column.name) ?? undefined;
}

/** Returns the columns that can be features of rows, or that the task names. */
function rowColumns(columns: readonly SourceColumn[], task: Task): string[] {
  const named = 'numeric' in task ? [...(task.numeric ?? []), ...(task.categorical ?? [])] : [];
  const isRead = ({ name, nested, isIndex }: SourceColumn) =>
    !nested && (!isIndex || named.includes(name));
  return columns.filter(isRead).map(({ name }) => name);
}

/**
 * Returns whether the column of the class has lists of classes.
 * @throws UserError if it has, and the task has one class per example.
 */
function requireLabels(
  { columns }: ParquetSource,
  key: string,
  label: string | undefined,
  { multiLabel }: Task,
): boolean {
  const type = columns.find(({ name }) => name === label)?.type;
  if (type?.kind !== 'list' || !isScalar(type.item)) return false;
  if (multiLabel === true) return true;
  throw new UserError(
    `The column '${label}' of '${key}' has ${describeType(type)}; the class is one text or number per row.`,
    'If an example can have several classes, set task.multiLabel: true in distill.yaml. Otherwise name another column.',
  );
}

/** @throws UserError if one of the columns has lists, structs or maps. */
function requireSingleValues(
  { columns }: ParquetSource,
  key: string,
  names: readonly (string | undefined)[],
  expected: string,
): void {
  const nested = columns.find((column) => column.nested && names.includes(column.name));
  if (nested === undefined) return;
  throw new UserError(
    `The column '${nested.name}' of '${key}' has ${describeType(nested.type)}; ${expected}.`,
    'Name another column in distill.yaml, or convert this one.',
  );
}
