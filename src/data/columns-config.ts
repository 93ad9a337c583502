import { z } from 'zod';
import { type ColumnField, kinds, type Task } from './features/index.ts';

/** Fields that name the columns of content, one per kind that has such a column. */
const contentFields = Object.fromEntries(
  Object.values(kinds).flatMap(({ column }) => (column ? [[column.field, column.schema]] : [])),
  // The type of Object.fromEntries does not contain the field names.
) as Record<ColumnField, z.ZodDefault<z.ZodString>>;

/** Fields of the config section `data` that readers and writers of files need. */
export const columnFields = {
  id: z
    .string()
    .optional()
    .describe(
      'Column of the id (Parquet, CSV, JSONL). Default: "id" if the file has it, else the row.',
    ),
  label: z
    .string()
    .optional()
    .describe(
      'Column of the class (Parquet, CSV, JSONL). Default: the target of a tabular task, else "label".',
    ),
  ...contentFields,
  delimiter: z
    .string()
    .length(1)
    .refine((character) => /^[^"\r\n\u0080-\uffff]$/.test(character), {
      message: 'expected one ASCII character other than a quote',
    })
    .optional()
    .describe('Character between the columns (CSV). Default: found in each file.'),
  missing: z
    .array(z.string())
    .default(['', '?', 'NA'])
    .describe('Texts that mean "missing", besides usual ones such as NaN, NULL and #N/A.'),
};

export const columnsSchema = z.strictObject(columnFields);

/** Config fields that the readers and writers of a format need. */
export interface ColumnsConfig {
  readonly task: Task;
  readonly data: z.infer<typeof columnsSchema>;
}

/** Returns the names of all columns of content, in the order of the kinds. */
export function contentColumns(data: ColumnsConfig['data']): string[] {
  return Object.values(kinds).flatMap(({ column }) => (column ? [data[column.field]] : []));
}
