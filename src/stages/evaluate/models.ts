import { readBaseline } from '../../distill/baselines/index.ts';
import { StoreError, TransientError } from '../../errors.ts';
import { encoderFolder, hasModel, readModelFiles } from '../../models/model-files.ts';
import { loadModel, type Student } from '../../models/student.ts';
import type { StudentDescription } from '../../models/student-description.ts';
import { readCurrent } from '../../run/current-file.ts';
import type { Job } from '../../run/job.ts';
import { keys } from '../../run/keys.ts';
import { type Plan, planDecisions, recordSchema } from '../../run/plan-file.ts';
import { readJson } from '../../store/once.ts';
import { currentModel } from '../publish.ts';
import { embedForCurrent } from './embed-current.ts';

/** A model to measure, with the name of its row. */
export interface NamedModel {
  readonly name: string;
  readonly model: Student;
}

/** Loads the students of the run, then its baselines. */
export async function openModels(job: Job): Promise<NamedModel[]> {
  const { variants, baselines } = job.plan;
  const names = variants.map(({ name }) => name);
  for (const { name } of baselines) {
    const { leftOut } = await readBaseline(job, name);
    if (leftOut === undefined) names.push(name);
  }
  const models: NamedModel[] = [];
  for (const name of names) {
    const files = await readModelFiles(job.results, keys.student(job.run, name));
    models.push({ name, model: await loadModel(files) });
  }
  return models;
}

/** The student in use: its model, or why it cannot be measured; neither if there is none. */
export interface CurrentStudent {
  /** Key prefix of its folder; absent if there is none, or if its pointer is damaged. */
  readonly student?: string;
  readonly model?: NamedModel;
  readonly problem?: string;
  /** Location of its dataset, if that is another one with the same name. */
  readonly otherDataset?: string;
}

/**
 * Loads the student in use. An unusable one, such as one with damaged files or other classes, does
 * not stop the run.
 *
 * @throws TransientError if the store fails for a moment.
 */
export async function openCurrent(job: Job): Promise<CurrentStudent> {
  const pointer = keys.current(job.plan.dataset);
  if (!(await job.results.head(pointer))) return {};
  let student: string | undefined;
  try {
    const current = await readCurrent(job.results, pointer);
    if (current.run === job.run) return {};
    student = current.student;
    const otherDataset = await otherDatasetOf(job, current.run);
    const opened = await openFolder(job, student);
    return { student, ...opened, ...(otherDataset !== undefined && { otherDataset }) };
  } catch (error) {
    return { ...(student && { student }), problem: problemOf(error) };
  }
}

/** Returns the location of another run's dataset, if it is not that of this run. */
async function otherDatasetOf({ data, results }: Job, run: string): Promise<string | undefined> {
  if (!(await results.head(keys.record(run)))) return undefined;
  const { dataset } = await readJson(results, keys.record(run), recordSchema);
  return dataset === data.location ? undefined : dataset;
}

async function openFolder(job: Job, folder: string): Promise<CurrentStudent> {
  const { results, plan } = job;
  if (!(await hasModel(results, folder))) return { problem: `${folder} has no model` };
  const model = await loadModel(await readModelFiles(results, folder));
  const problem =
    otherTask(model.description, plan) ??
    (await embedForCurrent(job, model.description, `${folder}${encoderFolder}`));
  if (problem === undefined) return { model: { name: currentModel, model } };
  model.dispose();
  return { problem };
}

/** Returns how the task of a model differs from that of the run; undefined if it does not. */
function otherTask({ classes, multiLabel }: StudentDescription, plan: Plan): string | undefined {
  if (JSON.stringify(classes) !== JSON.stringify(plan.classes)) {
    return `it has other classes: ${listed(classes)}`;
  }
  if ((multiLabel === true) === planDecisions(plan).isMultiLabel) return undefined;
  return multiLabel
    ? 'its examples may have several labels, and those of this run have one class'
    : 'its examples have one class, and those of this run may have several labels';
}

/**
 * Returns the reason of a failure, without a period.
 * @throws the error if the same call may succeed later.
 */
export function problemOf(error: unknown): string {
  if (error instanceof TransientError || error instanceof StoreError) throw error;
  if (!(error instanceof Error)) throw error;
  return error.message.replace(/\.$/, '');
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 10).join(', ');
  return names.length > 10 ? `${shown} … (${names.length})` : shown;
}
