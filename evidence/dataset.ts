/** Writes examples, and what is known of them, as the Parquet files that the workflow reads. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import type { Example } from '../src/data/example.ts';
import { createTableWriter } from '../src/data/parquet-table.ts';
import { draw, type Examples } from './examples.ts';
import type { Cell } from './problems.ts';

/** Of a row group: a shard is read while it is trained on. */
const rowGroupSize = 2000;

/** The true class of each example of a dataset, by id. */
export type Truth = ReadonlyMap<string, number>;

/** Writes the dataset of a cell, anew. Unlabeled examples are written without their label. */
export async function writeDataset(
  dataset: string,
  cell: Cell,
  examples: Examples,
): Promise<Truth> {
  const { labeled, unlabeled } = draw(examples, cell);
  const { task } = cell.problem;
  const target = task.type === 'tabular-classification' ? task.target : 'label';
  await rm(dataset, { recursive: true, force: true });
  for (const [set, of] of Object.entries({ labeled, unlabeled, test: examples.test })) {
    await writeSet(dataset, set, of, target);
  }
  const all = [...labeled, ...unlabeled, ...examples.test];
  return new Map(all.map(({ id, label }) => [id, task.classes.indexOf(label!)]));
}

async function writeSet(
  dataset: string,
  set: string,
  examples: readonly Example[],
  target: string,
): Promise<void> {
  const columns = [textColumn('id', examples, ({ id }) => id), ...contentColumns(examples, target)];
  if (set !== 'unlabeled') columns.push(textColumn(target, examples, ({ label }) => label));
  await writeTable(path.join(dataset, set, 'examples.parquet'), columns);
}

/** The true classes of these examples, as predictions of a teacher that is certain. */
export async function writePredictions(
  file: string,
  ids: Iterable<string>,
  truth: Truth,
  classes: number,
): Promise<void> {
  const known = [...ids];
  const probabilities = new Float32Array(known.length * classes);
  known.forEach((id, row) => {
    probabilities[row * classes + truth.get(id)!] = 1;
  });
  const table = createTableWriter({ id: 'text', probabilities: { floats: classes } });
  table.append(known.length, { id: known, probabilities });
  await writeBytes(file, table.finish());
}

function textColumn<Item>(
  name: string,
  items: readonly Item[],
  textOf: (item: Item) => string | undefined,
): ColumnSource {
  return { name, type: 'STRING', data: items.map(textOf) };
}

function contentColumns(examples: readonly Example[], target: string): ColumnSource[] {
  const contents = examples.map(({ content }) => content);
  const rows = contents.flatMap((content) => (content.kind === 'row' ? [content.columns] : []));
  const images = contents.flatMap((content) => (content.kind === 'image' ? [content.bytes] : []));
  if (images.length > 0) return [{ name: 'image', type: 'BYTE_ARRAY', data: images }];
  const names = Object.keys(rows[0] ?? {}).filter((name) => name !== target);
  return names.map((name) => {
    const data = rows.map((row) => row[name]);
    const isNumeric = data.every((value) => value === null || typeof value === 'number');
    return { name, type: isNumeric ? 'DOUBLE' : 'STRING', data };
  });
}

async function writeTable(file: string, columnData: ColumnSource[]): Promise<void> {
  await writeBytes(file, new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize })));
}

async function writeBytes(file: string, bytes: Uint8Array): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, bytes);
}
