/** Facts about the models of a run besides their metrics. */
import { methodNames, methodOf } from '../../debias/methods.ts';
import { readBaseline } from '../../distill/baselines/index.ts';
import { historySchema } from '../../distill/training.ts';
import type { RunMetrics } from '../../evaluate/run-metrics.ts';
import { weightsFileOf } from '../../models/exporters.ts';
import type { Job } from '../../run/job.ts';
import { keys } from '../../run/keys.ts';
import { readJson } from '../../store/once.ts';
import { historyFile } from '../../train/epoch.ts';
import type { ExportsMeter } from './exports.ts';
import type { NamedModel } from './models.ts';

/** Describes a student: its size, its training, and its files in other formats. */
export async function describeStudent(
  job: Job,
  variant: string,
  models: readonly NamedModel[],
  exports: ExportsMeter,
): Promise<RunMetrics['students'][number]> {
  const folder = keys.student(job.run, variant);
  const history = await readJson(job.results, `${folder}${historyFile}`, historySchema);
  const size = await sizeOf(job, variant, models);
  const records = { exports: exports.records(variant), ...(await methodRecords(job, folder)) };
  return { variant, history, ...size, ...records };
}

/** Describes a model of the labels alone, or why there is none. */
export async function describeBaseline(
  job: Job,
  name: string,
  models: readonly NamedModel[],
): Promise<RunMetrics['baselines'][number]> {
  const { description, leftOut } = await readBaseline(job, name);
  if (leftOut !== undefined) return { name, description: `Left out: ${leftOut}.` };
  return { name, description, ...(await sizeOf(job, name, models)) };
}

async function sizeOf({ results, run }: Job, wanted: string, models: readonly NamedModel[]) {
  const { model } = models.find(({ name }) => name === wanted)!;
  const weights = await results.head(`${keys.student(run, wanted)}${weightsFileOf(model.model)}`);
  const sizes = { parameters: model.model.countParams(), bytes: weights!.bytes };
  const { network } = model.description;
  return { ...sizes, ...(network && { network }) };
}

/** Reads the records that methods' preparations left beside a student. */
async function methodRecords({ results }: Job, folder: string): Promise<Record<string, unknown>> {
  const records: Record<string, unknown> = {};
  for (const name of methodNames) {
    const { record } = methodOf(name);
    const key = record && `${folder}${record.file}`;
    if (key === undefined || !(await results.head(key))) continue;
    records[record!.field] = await readJson(results, key, record!.schema);
  }
  return records;
}
