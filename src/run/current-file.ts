import { z } from 'zod';
import { hasModel, readDescription } from '../models/model-files.ts';
import { parseWith, readBytes } from '../store/once.ts';
import { isSealed, openSealed, parseUnsealed } from '../store/seal.ts';
import type { ObjectStore } from '../store/store.ts';
import { keys } from './keys.ts';

/** `students/<dataset>/CURRENT`: the student in use. */
export const currentSchema = z.strictObject({
  run: z.string(),
  variant: z.string(),
  /** Key prefix of the student's folder in the results. */
  student: z.string(),
});
export type Current = z.infer<typeof currentSchema>;

/**
 * Reads the pointer to the student in use.
 *
 * @throws UserError if it is damaged.
 */
export async function readCurrent(results: ObjectStore, key: string): Promise<Current> {
  const name = `${results.location}/${key}`;
  const bytes = await readBytes(results, key);
  const first = await parseFirstVersion(results, bytes, name);
  return first ?? parseWith(currentSchema, openSealed(bytes, name, key), name);
}

/**
 * Parses a pointer of version 0.1.0, which has no checksum.
 *
 * @param name Name of the pointer in errors.
 * @returns undefined if it has one, is damaged, or names a student that has one.
 */
export async function parseFirstVersion(
  results: ObjectStore,
  bytes: Uint8Array,
  name: string,
): Promise<Current | undefined> {
  if (isSealed(bytes, name)) return undefined;
  const { data } = currentSchema.safeParse(parseUnsealed(bytes, name));
  return data && (await isFirstVersion(results, data)) ? data : undefined;
}

/** Returns whether a student is one of version 0.1.0, which has no digests. */
async function isFirstVersion(results: ObjectStore, { run, variant, student }: Current) {
  if (student !== keys.student(run, variant) || !(await hasModel(results, student))) return false;
  return (await readDescription(results, student)).files === undefined;
}
