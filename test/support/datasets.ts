/** The small real datasets of `test/fixtures/workflow`, each copied to a folder of its own. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const fixtures = fileURLToPath(new URL('../fixtures/workflow/', import.meta.url));

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

export interface Dataset {
  readonly dataset: string;
  readonly results: string;
}

/** A dataset that trains in a second, in a new folder that goes away after the test. */
export function makeDataset(format: Format, more: Record<string, string> = {}): Dataset {
  const folder = mkdtempSync(join(tmpdir(), 'counterweight-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const dataset = join(folder, format);
  cpSync(join(fixtures, format), dataset, { recursive: true });
  writeConfig(dataset, { ...formats[format], ...more });
  mkdirSync(join(folder, 'results'));
  return { dataset, results: join(folder, 'results') };
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
