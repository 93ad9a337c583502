/** Runs a workflow on a cell's dataset, as a user would. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ConfigInput } from '../src/config/schema.ts';
import { parquet } from '../src/data/formats/parquet.ts';
import { run } from '../src/engines/embedded.ts';
import type { RunMetrics } from '../src/evaluate/run-metrics.ts';
import type { Cell } from './problems.ts';

/** Sections of distill.yaml that differ between the runs on a dataset. */
export type Arm = Pick<ConfigInput, 'teacher' | 'method' | 'compare' | 'folds'> & {
  readonly validationShare?: number;
};

/** A completed run, with its location. */
export interface Done {
  readonly dataset: string;
  readonly results: string;
  readonly run: string;
  readonly metrics: RunMetrics;
  readonly seconds: number;
}

export async function runArm(
  { problem, seed }: Cell,
  dataset: string,
  results: string,
  { validationShare, ...arm }: Arm,
): Promise<Done> {
  const config: ConfigInput = {
    ...arm,
    ...{ task: problem.task, student: problem.student, seed },
    data: { format: parquet.name, ...(validationShare !== undefined && { validationShare }) },
    // The oracle has no label for examples that the teacher labeled wrong.
    limits: { quarantine: 1 },
  };
  await writeFile(path.join(dataset, 'distill.yaml'), JSON.stringify(config));
  const done = await run({ dataset, results });
  return { dataset, results, run: done.run, metrics: done.metrics, seconds: done.seconds };
}
