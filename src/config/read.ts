import { UserError } from '../errors.ts';
import { readBytes } from '../store/once.ts';
import type { ObjectStore } from '../store/store.ts';
import { parseConfig } from './load.ts';
import type { Config } from './schema.ts';

/** Where a dataset has its config. */
export const configKey = 'distill.yaml';

/** @throws UserError when the dataset has no config, or a wrong one. */
export async function readConfig(data: ObjectStore): Promise<Config> {
  if (!(await data.head(configKey))) {
    throw new UserError(
      `there is no ${configKey} in ${data.location}`,
      `Write one with: counterweight init ${data.location}`,
    );
  }
  const text = Buffer.from(await readBytes(data, configKey)).toString('utf8');
  return parseConfig(text, `${data.location}/${configKey}`);
}
