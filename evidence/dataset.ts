/** Writes examples and their labels as the Parquet files that the workflow reads. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parquet } from '../src/data/formats/parquet.ts';
import { parquetOf } from '../src/data/formats/parquet-write.ts';
import { createTableWriter } from '../src/data/tables/parquet-table.ts';

import { draw, type Examples } from './examples.ts';
import { type Cell, readConfigOf } from './problems.ts';

/** The true class of each example of a dataset, by id. */
export type Truth = ReadonlyMap<string, number>;

/** Writes the dataset of a cell, replacing the existing one. Unlabeled examples have no label. */
export async function writeDataset(
  dataset: string,
  cell: Cell,
  examples: Examples,
): Promise<Truth> {
  const { labeled, unlabeled } = draw(examples, cell);
  const { task } = cell.problem;
  const config = readConfigOf(cell.problem, parquet.name);
  const unknown = unlabeled.map((example) => ({ ...example, label: undefined }));
  await rm(dataset, { recursive: true, force: true });
  for (const [set, of] of Object.entries({ labeled, unlabeled: unknown, test: examples.test })) {
    await writeBytes(path.join(dataset, set, 'examples.parquet'), parquetOf(of, config));
  }
  const all = [...labeled, ...unlabeled, ...examples.test];
  return new Map(all.map(({ id, label }) => [id, task.classes.indexOf(label!)]));
}

/** Writes the true classes of these examples as predictions of a teacher that is certain. */
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

async function writeBytes(file: string, bytes: Uint8Array): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, bytes);
}
