/**
 * The table of baselines. Every run trains all of them on the true labels of the labeled and the
 * validation set, beside the students. Publish never chooses one.
 */
import { hasTexts } from '../../data/features/index.ts';
import { isAboutContent } from '../../errors.ts';
import { isPenalized } from '../../models/networks/index.ts';
import { forFewLabels } from '../../models/networks/training-length.ts';
import type { Context } from '../../run/context.ts';
import type { Job } from '../../run/job.ts';
import { keys } from '../../run/keys.ts';
import { type Plan, studentFeatures } from '../../run/plan-file.ts';
import { readJson, writeJsonOnce } from '../../store/once.ts';
import { tableOf } from '../../table.ts';
import { epochSteps } from '../../train/order.ts';
import {
  type Baseline,
  type BaselineRecord,
  baselineFile,
  baselineRecordSchema,
} from './baseline.ts';

/** The baseline with the student's architecture. */
const labelsOnly = {
  name: 'labels-only',
  description: 'the architecture of the student, trained on the labels alone',
  followsTrainer: true,
  leftOut: (_, student) =>
    isPenalized(student) ? 'for a linear head, it is the same model as logistic' : undefined,
  steps: (student, labels) =>
    isPenalized(student) ? 0 : epochSteps(forFewLabels(student, labels), labels),
  load: () => import('./labels-only.ts'),
} as const satisfies Baseline;

/** The baseline that is a linear model. */
const logistic = {
  name: 'logistic',
  description: 'logistic regression on the labels alone',
  followsTrainer: false,
  leftOut: (features) => (hasTexts(features) ? 'it reads numbers, not texts' : undefined),
  load: () => import('./logistic.ts'),
} as const satisfies Baseline;

const baselines = tableOf(logistic, labelsOnly);

/** All baselines, in the order of the results. */
export const allBaselines: readonly Baseline[] = Object.values(baselines);

/** Returns the names of the planned baselines that have a model for the run's students. */
export function modelsOfLabels(plan: Plan): string[] {
  const isLeftOut = ({ leftOut }: Baseline) =>
    leftOut?.(studentFeatures(plan), plan.config.student) !== undefined;
  const left = new Set(allBaselines.filter(isLeftOut).map(({ name }) => name));
  return plan.baselines.map(({ name }) => name).filter((name) => !left.has(name));
}

/** Returns the key of a baseline's record. */
function recordKey(run: string, name: string): string {
  return `${keys.student(run, name)}${baselineFile}`;
}

/** Reads the record of a baseline, which shows whether there is a model. */
export function readBaseline({ results, run }: Job, name: string): Promise<BaselineRecord> {
  return readJson(results, recordKey(run, name), baselineRecordSchema);
}

/**
 * Trains a baseline and saves it like a student. A baseline that cannot be trained does not stop
 * the run: its record has the reason, unless the store refused a request.
 *
 * @returns the key prefix of its folder.
 */
export async function trainBaseline(
  job: Job,
  { name, leftOut, load }: Baseline,
  context: Context,
): Promise<string> {
  const folder = keys.student(job.run, name);
  if (await isTrained(job, { name })) return folder;
  const reason = leftOut?.(studentFeatures(job.plan), job.plan.config.student);
  const record =
    reason === undefined
      ? await learned(job, load, folder, context)
      : { description: '', leftOut: reason };
  await writeJsonOnce(job.results, recordKey(job.run, name), record);
  return folder;
}

/** Returns whether a baseline has its record: it was trained, or left out. */
export async function isTrained(
  { results, run }: Job,
  { name }: Pick<Baseline, 'name'>,
): Promise<boolean> {
  return (await results.head(recordKey(run, name))) !== undefined;
}

async function learned(
  job: Job,
  load: Baseline['load'],
  folder: string,
  context: Context,
): Promise<BaselineRecord> {
  const { learn } = await load();
  return learn(job, folder, context).catch((error: Error): BaselineRecord => {
    if (!isAboutContent(error)) throw error;
    return { description: '', leftOut: error.message };
  });
}
