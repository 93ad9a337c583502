import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { parseConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { UserError } from '../errors.ts';
import { readBytes, writeJsonOnce } from '../store/once.ts';
import { openStore } from '../store/open.ts';
import type { ObjectStore } from '../store/store.ts';
import type { JobEvent } from './events.ts';
import { keys } from './keys.ts';

const configKey = 'distill.yaml';

/** Raised when stages change what they write, so that an older run is not continued by them. */
const formatVersion = 1;

/**
 * Start: checks the config and makes the run's record. The run's name is a digest of the config
 * and of every object's version, so that asking twice for the same thing is one run.
 */
export async function startRun(dataset: string, results: string): Promise<JobEvent> {
  const data = await openStore(dataset);
  const resultsStore = await openStore(results);
  const config = await readConfig(data);
  const name = datasetName(data);
  const run = `${name}-${await digestInputs(data, config)}`;
  await writeJsonOnce(resultsStore, keys.record(run), { run, dataset: data.location, config });
  return { run, dataset: data.location, results: resultsStore.location };
}

async function readConfig(data: ObjectStore): Promise<Config> {
  if (!(await data.head(configKey))) {
    throw new UserError(
      `there is no ${configKey} in ${data.location}`,
      `Write one with: counterweight init ${data.location}`,
    );
  }
  const text = Buffer.from(await readBytes(data, configKey)).toString('utf8');
  return parseConfig(text, `${data.location}/${configKey}`);
}

/** The last part of the dataset's location, in the letters that all three engines allow. */
export function datasetName(data: ObjectStore): string {
  const name = basename(data.location)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-');
  return name.replace(/^-+|-+$/g, '').slice(0, 40) || 'dataset';
}

async function digestInputs(data: ObjectStore, config: Config): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([formatVersion, config]));
  for await (const { key, version } of data.list('')) {
    if (key !== configKey) hash.update(JSON.stringify([key, version]));
  }
  return hash.digest('hex').slice(0, 12);
}
