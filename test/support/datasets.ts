/** Datasets of `workflow-dataset.ts`, each in a folder of its own that goes away after the test. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { copyDataset, type Format } from './workflow-dataset.ts';

export { type Format, formats, writeConfig } from './workflow-dataset.ts';

export interface Dataset {
  readonly dataset: string;
  readonly results: string;
}

/** A dataset that trains in a second, in a new folder that goes away after the test. */
export function makeDataset(format: Format, more: Record<string, string> = {}): Dataset {
  const folder = mkdtempSync(join(tmpdir(), 'counterweight-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const dataset = copyDataset(folder, format, more);
  mkdirSync(join(folder, 'results'));
  return { dataset, results: join(folder, 'results') };
}
