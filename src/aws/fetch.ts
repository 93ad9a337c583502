import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { UserError } from '../errors.ts';
import { makeOnce } from '../models/local-copy.ts';
import { isModelSaved, readModelFiles } from '../models/model-files.ts';
import { keys } from '../run/keys.ts';
import { currentSchema } from '../stages/publish.ts';
import { datasetName } from '../stages/start.ts';
import { readBytes, readJson } from '../store/once.ts';
import { openStore } from '../store/open.ts';
import type { ObjectStore } from '../store/store.ts';
import { type Deployed, datasetLocation } from './deployment.ts';
import { newestAttempt } from './executions.ts';
import { findRecord } from './find-started.ts';
import { readPlanPart } from './plan-part.ts';
import { unknownRun } from './runs.ts';

export interface Fetched {
  readonly run: string;
  readonly variant: string;
  /** Absolute path of the folder that has report.html, metrics.json and student/. */
  readonly folder: string;
}

/** One student of a run. */
interface Student {
  readonly run: string;
  readonly variant: string;
}

/**
 * Copies a student, with the report and the metrics of its run, into a folder. Each file appears as
 * a whole; one that is there already is kept, so the same call goes on with one that was stopped.
 *
 * @param name a run, whose student is that of the config's method; or a dataset's name, whose
 *   student is the one in use.
 * @param to the folder. Default: the run's name.
 * @throws UserError when there is no such run, when it is not done, and before anything that is
 *   not the run's would be overwritten.
 */
export async function fetchStudent(
  deployed: Deployed,
  name: string,
  to: string | undefined,
): Promise<Fetched> {
  const results = await openStore(deployed.results);
  const student =
    (await studentOfRun(results, deployed, name)) ??
    (await currentStudent(results, deployed, name));
  if (!student) {
    throw new UserError(
      `there is no run ${JSON.stringify(name)}, and no dataset of that name with a student in use`,
      (await unknownRun(deployed.stateMachine, name)).hint,
    );
  }
  const { run, variant } = student;
  const folder = resolve(to ?? run);
  const model = await readModelFiles(results, keys.student(run, variant));
  const files = new Map([
    ['report.html', await readBytes(results, keys.report(run))],
    ['metrics.json', await readBytes(results, keys.metrics(run))],
    ...[...model].map(([file, body]) => [`student/${file}`, body] as const),
  ]);
  for (const [file, body] of files) await keep(join(folder, file), body, run);
  return { run, variant, folder };
}

async function studentOfRun(
  results: ObjectStore,
  deployed: Deployed,
  run: string,
): Promise<Student | undefined> {
  if (!(await findRecord(results, run))) return undefined;
  const plan = await readPlanPart(results, run);
  if (!plan) throw await unfinished(deployed, run);
  const variant = plan.variants[0].name;
  const isDone =
    (await isModelSaved(results, keys.student(run, variant))) &&
    (await results.head(keys.metrics(run))) &&
    (await results.head(keys.report(run)));
  if (!isDone) throw await unfinished(deployed, run);
  return { run, variant };
}

async function currentStudent(
  results: ObjectStore,
  deployed: Deployed,
  name: string,
): Promise<Student | undefined> {
  const dataset = datasetName(await openStore(datasetLocation(deployed, name)));
  const key = keys.current(dataset);
  return (await results.head(key)) ? readJson(results, key, currentSchema) : undefined;
}

async function unfinished({ stateMachine }: Deployed, run: string): Promise<UserError> {
  const status = (await newestAttempt(stateMachine, run))?.status;
  switch (status) {
    case undefined:
      return new UserError(
        `run ${run} has not been started`,
        `Start it with: counterweight start ${run}`,
      );
    case 'RUNNING':
    case 'SUCCEEDED':
      return new UserError(
        `run ${run} is not done yet`,
        `Watch it with: counterweight status ${run} --watch`,
      );
    default:
      return new UserError(
        `run ${run} has no student yet: it is ${status}`,
        `See why with: counterweight logs ${run}; go on with: counterweight start ${run}`,
      );
  }
}

/** Writes a file unless it is there. */
async function keep(path: string, body: Uint8Array, run: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await makeOnce(path, (made) => writeFile(made, body));
  if (Buffer.compare(await readFile(path), body) === 0) return;
  throw new UserError(
    `${path} is there already, and is not that of run ${run}`,
    'Move it away, or choose another folder with --to.',
  );
}
