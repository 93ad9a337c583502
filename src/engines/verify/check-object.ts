/** Checks single objects of the results against their checksums. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { openParquet, ParquetError } from '../../data/tables/parquet-file.ts';
import { isAboutContent } from '../../errors.ts';
import { changed, openSealed, openSealedBytes, readBytes } from '../../store/once.ts';
import type { ObjectInfo, ObjectStore } from '../../store/store.ts';

/** `noChecksum`: nothing states what the object has to be. */
export type Checked = 'intact' | 'noChecksum' | Damaged;

export interface Damaged {
  /** The damage, to be read after the object's name: "is missing". */
  readonly how: string;
}

/** Checks an object whose format has a checksum. */
type Check = (store: ObjectStore, object: ObjectInfo) => Promise<Checked>;

/** By the end of the key. */
const checks: Readonly<Record<string, Check>> = {
  '.json': async (store, { key }) => {
    const sealed = await readBytes(store, key);
    openSealed(sealed, key);
    return hasChecksum(sealed) ? 'intact' : 'noChecksum';
  },
  '/test-digests.bin': async (store, { key }) => {
    openSealedBytes(await readBytes(store, key), key);
    return 'intact';
  },
  '.parquet': async (store, object) => {
    const file = await openParquet(store, object);
    return (await file.checkBytes()) ? 'intact' : 'noChecksum';
  },
  CURRENT: async (store, { key }) => {
    openSealed(await readBytes(store, key), key);
    return 'intact';
  },
};

/**
 * Checks an object that exists.
 *
 * @param sha256 The digest that another object states, in hex, or its first digits.
 */
export async function checkObject(
  store: ObjectStore,
  object: ObjectInfo,
  sha256?: string,
): Promise<Checked> {
  if (sha256 !== undefined) {
    return (await digestOf(store, object)).startsWith(sha256) ? 'intact' : { how: changed };
  }
  const end = Object.keys(checks).find((suffix) => object.key.endsWith(suffix));
  return end === undefined ? 'noChecksum' : damageOr(() => checks[end]!(store, object), object.key);
}

/** Returns false for objects of earlier versions, and for the lists that the workflow reads. */
function hasChecksum(sealed: Uint8Array): boolean {
  return checksummed.safeParse(JSON.parse(new TextDecoder().decode(sealed))).success;
}

const checksummed = z.object({ checksum: z.string() });

/** Runs a check. @returns the damage that it reports by an error. */
async function damageOr(check: () => Promise<Checked>, key: string): Promise<Checked> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof ParquetError) return { how: `is damaged: ${error.message}` };
    if (isAboutContent(error)) return { how: error.message.replace(`${key} `, '') };
    throw error;
  }
}

/** Computes the SHA-256 of an object of any size, in hex. */
async function digestOf(store: ObjectStore, { key }: ObjectInfo): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of await store.read(key)) hash.update(bytes);
  return hash.digest('hex');
}
