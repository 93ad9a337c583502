/** Reads JSON files that describe a model. */
import { text } from 'node:stream/consumers';
import { UserError } from '../errors.ts';
import { bytesUpTo } from '../store/bytes.ts';
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
 * Maximum size of a JSON file of a student, in MiB. `student.json` lists the values of categorical
 * columns, up to 1,000 per column and of any length.
 */
const maxStudentMiB = 64;

/**
 * Reads a JSON file of a student.
 * @throws UserError if it is missing or too large; no more of it is then read.
 */
export async function readStudentJson(store: ObjectStore, key: string): Promise<Uint8Array> {
  const bytes = await bytesUpTo(await store.read(key), maxStudentMiB * 2 ** 20);
  if (bytes !== undefined) return bytes;
  throw new UserError(
    `${store.location}/${key} has more than ${maxStudentMiB} MiB, which no JSON file of a student has`,
    'Give the folder of a student as a run wrote it.',
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
