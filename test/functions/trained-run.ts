import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from 'counterweight';
import { afterAll } from 'vitest';
import { formats, writeConfig } from '../support/datasets.ts';

/** A finished run of the embedded engine, and copies of its earlier states. */
export interface TrainedRun {
  readonly run: string;
  readonly dataset: string;
  readonly results: string;
  /** Key of the student's folder. */
  readonly student: string;
  /** The results without what is below these keys, in a folder of their own. */
  without(...keys: string[]): string;
}

/** Trains one student, of 150 epochs of a few steps; all of it goes away after the file's tests. */
export async function makeTrainedRun(): Promise<TrainedRun> {
  const folder = mkdtempSync(join(tmpdir(), 'counterweight-trained-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const [dataset, results] = [join(folder, 'csv'), join(folder, 'whole')];
  const fixture = fileURLToPath(new URL('../fixtures/workflow/csv', import.meta.url));
  cpSync(fixture, dataset, { recursive: true });
  const student =
    '{ architecture: mlp, width: 32, depth: 1, epochs: 150, batchSize: 32, learningRate: 0.02 }';
  writeConfig(dataset, { ...formats.csv, student, compare: '[]' });
  const done = await run({ dataset, results, workers: 2 });
  const without = (...keys: string[]) => {
    const copy = mkdtempSync(join(folder, 'cut-'));
    cpSync(results, copy, { recursive: true });
    for (const key of keys) rmSync(join(copy, key), { recursive: true });
    return copy;
  };
  return { run: done.run, dataset, results, student: done.student, without };
}
