import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import { type ColumnsConfig, labelColumn } from '../columns.ts';
import type { Example } from '../example.ts';
import { createTableWriter } from '../tables/parquet-table.ts';

/** Rows per row group; readers keep one in memory. */
const rowGroupSize = 2000;

/** Returns a Parquet file of examples, with a column of labels if they have labels. */
export function parquetOf(examples: readonly Example[], { task, data }: ColumnsConfig): Uint8Array {
  const target = labelColumn(task, data);
  const id = data.id ?? 'id';
  const ids = examples.map((example) => example.id);
  const labels = examples.flatMap(({ label }) => label ?? []);
  const isLabeled = labels.length > 0;
  if (task.type === 'vector-classification') {
    const table = createTableWriter({
      ...{ [id]: 'text', ...(isLabeled && { [target]: 'text' }) },
      [data.vector]: { floats: task.length },
    });
    const vectors = new Float32Array(examples.length * task.length);
    examples.forEach(({ content }, row) => {
      if (content.kind === 'vector') vectors.set(content.values, row * task.length);
    });
    table.append(examples.length, { [id]: ids, [target]: labels, [data.vector]: vectors });
    return table.finish();
  }
  const columnData: ColumnSource[] = [
    { name: id, type: 'STRING', data: ids },
    ...contentColumns(examples, data.image).filter(({ name }) => name !== id && name !== target),
    ...(isLabeled ? [{ name: target, type: 'STRING' as const, data: labels }] : []),
  ];
  return new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize }));
}

function contentColumns(examples: readonly Example[], image: string): ColumnSource[] {
  const contents = examples.map(({ content }) => content);
  const rows = contents.flatMap((content) => (content.kind === 'row' ? [content.columns] : []));
  if (rows.length === 0) {
    return [{ name: image, type: 'BYTE_ARRAY', data: examples.map(imageBytes) }];
  }
  return Object.keys(rows[0]!).map((name) => {
    const values = rows.map((row) => row[name]);
    const isNumeric = values.every((value) => value === null || typeof value === 'number');
    return { name, type: isNumeric ? 'DOUBLE' : 'STRING', data: values };
  });
}

function imageBytes({ content }: Example): Uint8Array {
  if (content.kind !== 'image') throw new Error('this table holds images');
  return content.bytes;
}
