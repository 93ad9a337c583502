/** Writes examples with their labels in the format of a dataset, as a user would add them. */
import { digestJson } from '../digest.ts';
import type { ObjectStore } from '../store/store.ts';
import type { ReadConfig } from './config.ts';
import type { Example } from './example.ts';
import { formats } from './formats/index.ts';
import type { SetName } from './shard.ts';

/** Start of the name of a table or archive, before a digest of 12 hexadecimal digits. */
const prefix = 'answers-';

/** Names of files that `writeLabeled` makes; those of single examples start with a digest. */
const writtenName = new RegExp(`^(?:${prefix}[0-9a-f]{12}\\.|[0-9a-f]{8}-)`);

/** Returns whether a key is that of a file which `writeLabeled` may have made. */
export function isWritten(key: string): boolean {
  return writtenName.test(key.split('/').at(-1)!);
}

/**
 * Writes examples to a set, in as many files as the format takes. The same examples give the same
 * files.
 * @returns the keys of the files.
 */
export async function writeLabeled(
  store: ObjectStore,
  set: SetName,
  examples: readonly Example[],
  config: ReadConfig,
): Promise<string[]> {
  const facts = examples.map(({ id, label }) => [id, label]);
  const { write } = await formats[config.data.format].load();
  const keys: string[] = [];
  for (const { name, bytes } of await write(
    examples,
    `${prefix}${digestJson(facts, 12)}`,
    config,
  )) {
    const key = `${set}/${name}`;
    await store.write(key, bytes);
    keys.push(key);
  }
  return keys;
}
