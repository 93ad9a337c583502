import { type ColumnsConfig, columnsSchema } from './columns-config.ts';
import { type Features, kindOf, taskSchema } from './features/index.ts';

/** Facts about the tables that a model reads. */
export interface ReadTables {
  readonly classes: readonly string[];
  /** Columns of the content. Default: the usual ones, or those of the features. */
  readonly columns?: readonly string[] | undefined;
  /** Texts that mean "missing". Default: that of a config. */
  readonly missing?: readonly string[] | undefined;
  /** Column of the id. Default: "id" if the file has it, else the row. */
  readonly id?: string | undefined;
}

/** Returns the config with which readers of files make examples for a model of these features. */
export function columnsOfFeatures(
  features: Features,
  { classes, columns, missing, id }: ReadTables,
): ColumnsConfig {
  const { task: type, taskOf, column } = kindOf(features);
  return {
    task: taskSchema.parse({ type, classes, ...taskOf(features, columns) }),
    data: columnsSchema.parse({ id, missing, ...(column && { [column.field]: columns?.[0] }) }),
  };
}
