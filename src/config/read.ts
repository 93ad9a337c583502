import { UserError } from '../errors.ts';
import { count } from '../format.ts';
import { readBytes } from '../store/once.ts';
import type { ObjectStore } from '../store/store.ts';
import { maxConfigBytes, parseConfig, tooLong } from './load.ts';
import type { Config } from './schema.ts';

/** Key of a dataset's config. */
export const configKey = 'distill.yaml';

/** @throws UserError if the dataset has no config, or an invalid one. */
export async function readConfig(data: ObjectStore): Promise<Config> {
  return configOf(data, await readConfigText(data));
}

/**
 * Reads the text of the dataset's config; undefined if there is none.
 * @throws UserError if it is too long.
 */
export async function readConfigText(data: ObjectStore): Promise<string | undefined> {
  const object = await data.head(configKey);
  if (!object) return undefined;
  if (object.bytes > maxConfigBytes) {
    throw tooLong(`${data.location}/${configKey}`, `${count(object.bytes)} bytes`);
  }
  return Buffer.from(await readBytes(data, configKey)).toString('utf8');
}

/** Parses what `readConfigText` returned. @throws UserError as `readConfig` does. */
export function configOf(
  { location }: Pick<ObjectStore, 'location'>,
  text: string | undefined,
): Config {
  if (text !== undefined) return parseConfig(text, `${location}/${configKey}`);
  throw new UserError(
    `there is no ${configKey} in ${location}`,
    `Write one with: counterweight init ${location}`,
  );
}
