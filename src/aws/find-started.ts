import { configKey } from '../config/read.ts';
import { UserError } from '../errors.ts';
import { keys } from '../run/keys.ts';
import { recordSchema } from '../run/plan-file.ts';
import { type StartedRun, startRun } from '../stages/start.ts';
import { readJson } from '../store/once.ts';
import { openStore } from '../store/open.ts';
import type { ObjectStore } from '../store/store.ts';
import { type DeployedStack, datasetLocation } from './deployment.ts';
import { unknownRun } from './runs.ts';

/**
 * Finds a run by its name, or creates the record of a dataset's run as the dataset is now.
 * @param name of a run or a dataset.
 * @throws UserError if the dataset's config is missing or wrong, or the run was refused for that.
 */
export async function findStarted(deployed: DeployedStack, name: string): Promise<StartedRun> {
  const results = await openStore(deployed.results);
  const record = await findRecord(results, name);
  if (record) return { run: name, dataset: record.dataset, results: results.location };
  const data = await openStore(datasetLocation(deployed, name));
  if (await data.head(configKey)) return startRun(data.location, deployed.results);
  throw new UserError(
    `there is no run ${JSON.stringify(name)}, and no ${configKey} in ${data.location}`,
    `To upload a dataset: counterweight upload FOLDER ${data.location.split('/').slice(3).join('/')}\n` +
      `${(await unknownRun(deployed.stateMachine, name)).hint}`,
  );
}

/**
 * Reads the record of a run.
 * @returns undefined if the run does not exist.
 * @throws UserError if the run was refused.
 */
export async function findRecord(
  results: ObjectStore,
  run: string,
): Promise<{ readonly dataset: string } | undefined> {
  // Names of runs have no slash: this is a dataset's location.
  if (run.includes('/')) return undefined;
  if (!(await results.head(keys.record(run)))) return undefined;
  const record = await readJson(results, keys.record(run), recordSchema);
  if (!('refused' in record)) return record;
  const { message, hint } = record.refused;
  throw new UserError(`run ${run} was refused: ${message}`, hint);
}
