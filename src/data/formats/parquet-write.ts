import type { SchemaElement } from 'hyparquet';
import { type ColumnSource, parquetWriteBuffer, schemaFromColumnData } from 'hyparquet-writer';
import { labelColumn } from '../columns.ts';
import type { ColumnsConfig } from '../columns-config.ts';
import type { Example } from '../example.ts';
import { kindOfTask } from '../features/index.ts';
import type { Cell } from '../features/row-values.ts';
import { namesInLabel } from '../label-list.ts';
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
  const isList = task.multiLabel === true && labels.length > 0;
  if (column?.type === 'floats' && !isList) {
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
  const floats = column?.type === 'floats' ? data[column.field] : undefined;
  const content: ColumnSource[] =
    column && floats === undefined
      ? [{ name: data[column.field], type: 'BYTE_ARRAY', data: values }]
      : rowColumns(examples, config);
  const single: ColumnSource[] = [
    { name: id, type: 'STRING', data: ids },
    ...content.filter(({ name }) => name !== id && name !== target),
  ];
  if (!isList) {
    const label = { name: target, type: 'STRING' as const, data: labels };
    const columnData = labels.length > 0 ? [...single, label] : single;
    return new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize }));
  }
  return withLists(single, [
    ...(floats === undefined ? [] : [floatLists(floats, values)]),
    { name: target, item: text, data: labels.map((label) => namesInLabel(label) ?? [label]) },
  ]);
}

/** A column of lists. */
interface ListColumn {
  readonly name: string;
  /** Type of the items. */
  readonly item: Partial<SchemaElement>;
  readonly data: readonly (readonly unknown[])[];
}

const text: Partial<SchemaElement> = { type: 'BYTE_ARRAY', converted_type: 'UTF8' };

function floatLists(name: string, rows: readonly (Uint8Array | Float32Array)[]): ListColumn {
  return { name, item: { type: 'FLOAT' }, data: rows.map((row) => Array.from(row)) };
}

/** Returns a file with columns of single values, and columns of lists. */
function withLists(single: readonly ColumnSource[], lists: readonly ListColumn[]): Uint8Array {
  const [root, ...elements] = schemaFromColumnData({ columnData: [...single] });
  const listElements = lists.flatMap(({ name, item }): SchemaElement[] => [
    { name, repetition_type: 'REQUIRED', converted_type: 'LIST', num_children: 1 },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    { name: 'element', repetition_type: 'REQUIRED', ...item },
  ]);
  const columns = single.length + lists.length;
  const schema = [{ ...root!, num_children: columns }, ...elements, ...listElements];
  const columnData = [
    ...single.map(({ name, data }) => ({ name, data })),
    ...lists.map(({ name, data }) => ({ name, data: [...data] })),
  ];
  return new Uint8Array(parquetWriteBuffer({ schema, columnData, rowGroupSize }));
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
