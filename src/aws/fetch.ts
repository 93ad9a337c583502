import { join, resolve } from 'node:path';
import type { ExportFormat } from '../data/tables/exported-labels.ts';
import { sha256 } from '../digest.ts';
import { exportLabels, type LabelsDescription } from '../distill/export-labels.ts';
import { keepFile } from '../distill/keep-file.ts';
import { requireDeliverables } from '../distill/verify/deliverables.ts';
import { isAboutContent, UserError } from '../errors.ts';
import { hasModel, readExports } from '../models/model-files.ts';
import { readCurrent } from '../run/current-file.ts';
import { addedExports, readDocuments } from '../run/documents-file.ts';
import { openJob } from '../run/job.ts';
import { keys } from '../run/keys.ts';
import { readPlanPart } from '../run/plan-part.ts';
import { datasetName } from '../stages/start.ts';
import { changed, damaged, missing } from '../store/damage.ts';
import { readBytes } from '../store/once.ts';
import { openStore } from '../store/open.ts';
import { openSealed } from '../store/seal.ts';
import type { ObjectStore } from '../store/store.ts';
import { type DeployedStack, datasetLocation } from './deployment.ts';
import { newestAttempt } from './executions.ts';
import { findRecord } from './find-started.ts';
import { unknownRun } from './runs.ts';

/** Path of the model card in the folder. */
const cardCopy = 'student/MODEL.md';

/** Student that was copied from AWS. */
export interface FetchedStudent {
  readonly run: string;
  readonly variant: string;
  /** Absolute path of the folder with report.html, metrics.json and student/. */
  readonly folder: string;
}

/** One student of a run. */
interface StudentName {
  readonly run: string;
  readonly variant: string;
}

/**
 * Copies a student into a folder, with the report and the metrics of its run. Files appear as a
 * whole, and existing copies are kept, so that a second call resumes a stopped one.
 *
 * @param name a run, for the student of the config's method; or a dataset, for its published
 *   student.
 * @param to the folder. Default: the run's name.
 * @throws UserError if the run does not exist or is not done, if a file is missing or damaged, or
 *   if another file is in the way. Then nothing is copied.
 */
export async function fetchStudent(
  deployed: DeployedStack,
  name: string,
  to: string | undefined,
): Promise<FetchedStudent> {
  const results = await openStore(deployed.results);
  const student =
    (await studentOfRun(results, deployed, name)) ??
    (await currentStudent(results, deployed, name));
  if (!student) {
    throw new UserError(
      `there is no run ${JSON.stringify(name)}, and no dataset of that name with a published student`,
      (await unknownRun(deployed.stateMachine, name)).hint,
    );
  }
  const { run, variant } = student;
  const folder = resolve(to ?? run);
  const files = await readStudent(results, student).catch(async (error: Error) => {
    // Names all damaged files, and the command that mends them.
    if (isAboutContent(error)) await requireWhole(results, student);
    throw error;
  });
  for (const [file, body] of files) await keepFile(join(folder, file), body, run);
  return { run, variant, folder };
}

/**
 * Reads the files to copy, by their path in the folder. All are read and checked before the first
 * one is written.
 *
 * @throws UserError if one is missing or damaged.
 */
async function readStudent(
  results: ObjectStore,
  { run, variant }: StudentName,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const prefix = keys.student(run, variant);
  const documents = await readDocuments({ results, run });
  const name = (key: string) => `${results.location}/${key}`;
  const read = async (key: string) => {
    const bytes = (await results.head(key)) && (await readBytes(results, key));
    if (bytes && sha256(bytes) === documents.get(key)) return bytes;
    throw damaged(name(key), bytes ? changed : missing, [name(keys.documents(run))]);
  };
  const metrics = await readBytes(results, keys.metrics(run));
  openSealed(metrics, name(keys.metrics(run)), keys.metrics(run));
  const model = await readExports(results, prefix, addedExports(documents, prefix));
  return new Map([
    ['report.html', await read(keys.report(run))],
    ['metrics.json', metrics],
    [cardCopy, await read(keys.card(run, variant))],
    ...[...model].map(([file, body]) => [`student/${file}`, body] as const),
  ]);
}

/** @throws UserError if a file of the student, or of its run's evaluation, is damaged. */
function requireWhole(results: ObjectStore, { run, variant }: StudentName): Promise<void> {
  return requireDeliverables({ results, run, plan: { variants: [{ name: variant }] } });
}

/** Labels that are copied from AWS. */
export interface FetchLabelsOptions {
  /** Folder. Default: `<run>-labels`. */
  readonly to: string | undefined;
  readonly format: ExportFormat;
}

/**
 * Copies the labels of a run into a folder.
 *
 * @throws UserError if the run does not exist or has no labels yet, or if another file is in the
 *   way.
 */
export async function fetchLabels(
  deployed: DeployedStack,
  run: string,
  { to, format }: FetchLabelsOptions,
): Promise<LabelsDescription & { readonly folder: string; readonly format: ExportFormat }> {
  const results = await openStore(deployed.results);
  const record = await findRecord(results, run);
  if (!record) throw await unknownRun(deployed.stateMachine, run);
  if (!(await results.head(keys.reconcile(run)))) throw await unfinished(deployed, run);
  const { dataset } = record;
  const job = await openJob({ run, dataset, results: results.location, execution: run });
  const folder = resolve(to ?? `${run}-labels`);
  return { ...(await exportLabels(job, { folder, format })), folder, format };
}

async function studentOfRun(
  results: ObjectStore,
  deployed: DeployedStack,
  run: string,
): Promise<StudentName | undefined> {
  if (!(await findRecord(results, run))) return undefined;
  const plan = await readPlanPart(results, run);
  if (!plan) throw await unfinished(deployed, run);
  const variant = plan.variants[0].name;
  const isDone =
    (await hasModel(results, keys.student(run, variant))) &&
    (await results.head(keys.metrics(run))) &&
    (await results.head(keys.documents(run)));
  if (isDone) return { run, variant };
  const { status, until } = (await newestAttempt(deployed.stateMachine, run)) ?? {};
  if (status === 'SUCCEEDED' && until !== 'labels') await requireWhole(results, { run, variant });
  throw await unfinished(deployed, run);
}

async function currentStudent(
  results: ObjectStore,
  deployed: DeployedStack,
  name: string,
): Promise<StudentName | undefined> {
  const dataset = datasetName(await openStore(datasetLocation(deployed, name)));
  const key = keys.current(dataset);
  return (await results.head(key)) ? readCurrent(results, key) : undefined;
}

/** Explains why a run has no student to copy. */
async function unfinished({ stateMachine }: DeployedStack, run: string): Promise<UserError> {
  const { status, until } = (await newestAttempt(stateMachine, run)) ?? {};
  if (status === 'SUCCEEDED' && until === 'labels') {
    return new UserError(
      `run ${run} has labels, and no student`,
      `Copy its labels with: counterweight fetch ${run} --labels\n` +
        `Train its student with: counterweight start ${run}`,
    );
  }
  switch (status) {
    case undefined:
      return new UserError(
        `run ${run} has not been started`,
        `Start it with: counterweight start ${run}`,
      );
    case 'SUCCEEDED':
      return new UserError(
        `run ${run} has ended, and files of its student are missing`,
        `To write them again: counterweight start ${run}`,
      );
    case 'RUNNING':
      return new UserError(
        `run ${run} is not done yet`,
        `Watch it with: counterweight status ${run} --watch`,
      );
    default:
      return new UserError(
        `run ${run} is not done yet: it is ${status}`,
        `See why with: counterweight logs ${run}; resume it with: counterweight start ${run}`,
      );
  }
}
