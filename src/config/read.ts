import { UserError } from '../errors.ts';
import { readBytes } from '../store/once.ts';
import type { ObjectStore } from '../store/store.ts';
import { parseConfig } from './load.ts';
import type { Config } from './schema.ts';

/** Key of a dataset's config. */
export const configKey = 'distill.yaml';

/** @throws UserError if the dataset has no config, or an invalid one. */
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
