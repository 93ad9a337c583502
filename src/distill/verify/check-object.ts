/** Checks single objects of the results against their checksums. */
import { ParquetError } from '../../data/tables/parquet-file.ts';
import { openOwn } from '../../data/tables/result-file.ts';
import { isAboutContent } from '../../errors.ts';
import { encoderFile } from '../../models/encoders/encoder.ts';
import { descriptionFile, modelFileNames } from '../../models/exporters.ts';
import { hashStream } from '../../models/file-hashes.ts';
import { encoderFolder } from '../../models/model-files.ts';
import { parseDescription } from '../../models/student-description.ts';
import { parseFirstVersion } from '../../run/current-file.ts';
import { changed } from '../../store/damage.ts';
import { readBytes } from '../../store/once.ts';
import { openSealed, openSealedBytes } from '../../store/seal.ts';
import type { ObjectInfo, ObjectStore } from '../../store/store.ts';

/** `noChecksum`: nothing states what the object has to be. */
export type Checked = 'intact' | 'noChecksum' | Damaged;

export interface Damaged {
  /** The damage, to be read after the object's name: "is missing". */
  readonly how: string;
}

/** Checks an object whose format has a checksum. */
type Check = (store: ObjectStore, object: ObjectInfo) => Promise<Checked>;

/** Checks by the end of the key; the first that fits counts. */
const checks: Readonly<Record<string, Check>> = {
  [`/${descriptionFile}`]: async (store, { key }) => {
    parseDescription(await readBytes(store, key), key);
    return 'intact';
  },
  [`/${encoderFile}`]: async (store, { key }) => {
    openSealed(await readBytes(store, key), key);
    return 'intact';
  },
  '/failure.json': async (store, object) =>
    // Empty after a success.
    object.bytes === 0 ? 'intact' : checkSealed(store, object),
  '.json': checkSealed,
  '/test-digests.bin': async (store, { key }) => {
    openSealedBytes(await readBytes(store, key), key, key);
    return 'intact';
  },
  '.parquet': async (store, object) => {
    await (await openOwn(store, object)).checkBytes();
    return 'intact';
  },
  CURRENT: async (store, { key }) => {
    const bytes = await readBytes(store, key);
    if (await parseFirstVersion(store, bytes, key)) return 'noChecksum';
    openSealed(bytes, key, key);
    return 'intact';
  },
};

async function checkSealed(store: ObjectStore, { key }: ObjectInfo): Promise<Checked> {
  if (hasDigestElsewhere(key)) return 'noChecksum';
  openSealed(await readBytes(store, key), key, key);
  return 'intact';
}

/** Files of models, files for people and lists for the workflow: another file has their digest. */
const statedElsewhere = [
  ...[...modelFileNames.layers, ...modelFileNames.ngrams, encoderFolder],
  ...['label-studio/', 'shards.json', 'unlabeled.json'],
];

function hasDigestElsewhere(key: string): boolean {
  return statedElsewhere.some((name) => key.includes(`/${name}`)) || key.startsWith('encoders/');
}

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
    const found = await hashStream(await store.read(object.key));
    return found.startsWith(sha256) ? 'intact' : { how: changed };
  }
  const end = Object.keys(checks).find((suffix) => object.key.endsWith(suffix));
  return end === undefined ? 'noChecksum' : damageOr(() => checks[end]!(store, object), object.key);
}

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
