/** The small real datasets of `test/fixtures/workflow`, with a config that trains in a second. */
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/package-root.ts';

const digits = `{ type: image-classification, classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'], size: [8, 8], channels: 1 }`;
const wine = `{ type: tabular-classification, classes: [cultivar 0, cultivar 1, cultivar 2], target: cultivar }`;

/** By format: the task and the data section of its config. */
export const formats = {
  webdataset: { task: digits, data: '{ format: webdataset }' },
  images: { task: digits, data: '{ format: images }' },
  'parquet-images': { task: digits, data: '{ format: parquet, shardMiB: 0.006 }' },
  'parquet-vectors': {
    task: digits.replace('image-', 'vector-').replace('size: [8, 8], channels: 1', 'length: 64'),
    data: '{ format: parquet }',
  },
  'parquet-rows': { task: wine, data: '{ format: parquet }' },
  csv: { task: wine, data: '{ format: csv }' },
} as const;
export type Format = keyof typeof formats;

/** Copies a dataset into a folder. @returns the folder of the dataset. */
export function copyDataset(
  folder: string,
  format: Format,
  more: Record<string, string> = {},
): string {
  const dataset = join(folder, format);
  cpSync(join(packageRoot, 'test/fixtures/workflow', format), dataset, { recursive: true });
  writeConfig(dataset, { ...formats[format], ...more });
  return dataset;
}

export function writeConfig(dataset: string, sections: Record<string, string>): void {
  const network =
    '{ architecture: mlp, width: 32, depth: 1, epochs: 6, batchSize: 32, learningRate: 0.02 }';
  const all = {
    teacher: `{ train: ${network.replace('epochs: 6', 'epochs: 20')} }`,
    student: network,
    warmup: '{ epochs: 5 }',
    method: 'weighted',
    folds: '2',
    ...sections,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\n`);
  writeFileSync(join(dataset, 'distill.yaml'), lines.join(''));
}
