import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import { labelColumn } from '../columns.ts';
import type { ColumnsConfig } from '../columns-config.ts';
import type { Example } from '../example.ts';
import { kindOfTask } from '../features/index.ts';
import type { Cell } from '../features/row-values.ts';
import { createTableWriter } from '../tables/parquet-table.ts';
import { namedCells } from './content-cells.ts';

/** Rows per row group; readers keep one in memory. */
const rowGroupSize = 2000;

/** Returns a Parquet file of examples, with a column of labels if they have labels. */
export function parquetOf(examples: readonly Example[], config: ColumnsConfig): Uint8Array {
  const { task, data } = config;
  const target = labelColumn(task, data);
  const id = data.id ?? 'id';
  const ids = examples.map((example) => example.id);
  const labels = examples.flatMap(({ label }) => label ?? []);
  const { column } = kindOfTask(task);
  const values = column ? examples.map(({ content }) => column.write(content)) : [];
  if (column?.type === 'floats') {
    const length = values[0]?.length ?? 0;
    const name = data[column.field];
    const table = createTableWriter({
      ...{ [id]: 'text', ...(labels.length > 0 && { [target]: 'text' }) },
      [name]: { floats: length },
    });
    const floats = new Float32Array(examples.length * length);
    values.forEach((row, index) => {
      floats.set(row, index * length);
    });
    table.append(examples.length, { [id]: ids, [target]: labels, [name]: floats });
    return table.finish();
  }
  const content: ColumnSource[] = column
    ? [{ name: data[column.field], type: 'BYTE_ARRAY', data: values }]
    : rowColumns(examples, config);
  const columnData: ColumnSource[] = [
    { name: id, type: 'STRING', data: ids },
    ...content.filter(({ name }) => name !== id && name !== target),
    ...(labels.length > 0 ? [{ name: target, type: 'STRING' as const, data: labels }] : []),
  ];
  return new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize }));
}

function rowColumns(examples: readonly Example[], config: ColumnsConfig): ColumnSource[] {
  const cells = namedCells(config);
  const rows = examples.flatMap(({ content }): Readonly<Record<string, Cell>>[] =>
    content.kind === 'row' ? [content.columns] : [cells?.write(content) ?? {}],
  );
  return Object.keys(rows[0] ?? {}).map((name) => {
    const values = rows.map((row) => row[name]);
    const isNumeric =
      !cells && values.every((value) => value === null || typeof value === 'number');
    // A column has texts and numbers if some of its integers are too large for a number.
    return isNumeric
      ? { name, type: 'DOUBLE', data: values }
      : { name, type: 'STRING', data: values.map((value) => (value === null ? null : `${value}`)) };
  });
}
