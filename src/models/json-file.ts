/** Reads JSON files that describe a model. */
import { text } from 'node:stream/consumers';
import { UserError } from '../errors.ts';
import type { ObjectStore } from '../store/store.ts';

/** Maximum size of a JSON file of a model, in MiB: parsed, it takes ten times the memory. */
const maxJsonMiB = 64;

/** @throws UserError if the file is too large to be parsed. */
export function requireJsonSize(bytes: number, key: string): void {
  if (bytes <= maxJsonMiB * 2 ** 20) return;
  throw new UserError(
    `'${key}' has ${Math.ceil(bytes / 2 ** 20)} MiB, and a JSON file of a model may have ${maxJsonMiB}.`,
    'Keep the weights in files of their own, as model.save of tfjs and the converters do.',
  );
}

/**
 * Reads a JSON file of a model as text.
 * @param version Version of the object. Default: the newest.
 * @throws UserError if it is missing or too large.
 */
export async function readJsonText(
  store: ObjectStore,
  key: string,
  version?: string,
): Promise<string> {
  const object = await store.head(key);
  if (object !== undefined) requireJsonSize(object.bytes, key);
  return text(await store.read(key, version === undefined ? {} : { version }));
}
