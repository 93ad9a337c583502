/** Pointers: small JSON objects that are replaced, such as LATEST or CURRENT. */
import { setTimeout as delay } from 'node:timers/promises';
import type { z } from 'zod';
import { isAboutContent, TransientError } from '../errors.ts';
import { readJson } from './once.ts';
import { sealJson } from './seal.ts';
import type { ObjectStore } from './store.ts';

/** Attempts to move a pointer; each failure means that another process moved it. */
const maxSwaps = 20;

/**
 * Moves a pointer: a small JSON object that is replaced, such as LATEST or CURRENT. Reads it,
 * computes the next value, and writes that only over the value read. Starts over if another process
 * was faster.
 *
 * @param decide Returns the next value for the present one (undefined: there is none), or undefined
 *   to leave the pointer as it is. Called again after each failure.
 * @param ifDamaged Stands for a pointer that does not have the expected form. Default: throws.
 * @returns the final value of the pointer: the one written, or the present one.
 * @throws TransientError after 20 failures.
 */
export async function swapPointer<T extends object>(
  store: ObjectStore,
  key: string,
  schema: z.ZodType<T>,
  decide: (present: T | undefined) => T | undefined | Promise<T | undefined>,
  ifDamaged?: T,
): Promise<T | undefined> {
  for (let attempt = 1; attempt <= maxSwaps; attempt++) {
    const info = await store.head(key);
    const present = info && (await readPointer(store, key, schema, ifDamaged));
    // `present` may be newer than `info`; then its ETag no longer matches and the write fails.
    const next = await decide(present);
    if (next === undefined) return present;
    const condition = info ? { ifMatch: info.etag } : { ifAbsent: true as const };
    if (await store.write(key, sealJson(next, key), condition)) return next;
    await delay(Math.random() * 5 * attempt);
  }
  throw new TransientError(`${store.location}/${key} is being moved by too many processes at once`);
}

/** Reads a pointer. @param ifDamaged Stands for a damaged pointer. Default: throws. */
export async function readPointer<T>(
  store: ObjectStore,
  key: string,
  schema: z.ZodType<T>,
  ifDamaged?: T,
): Promise<T> {
  try {
    return await readJson(store, key, schema);
  } catch (error) {
    // A pointer that cannot be read is not damaged: another run may have the turn that it names.
    if (ifDamaged === undefined || !isAboutContent(error)) throw error;
    return ifDamaged;
  }
}
