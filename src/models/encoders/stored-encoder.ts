/** Encoders that are copied into the results: their files, with a description. */
import { z } from 'zod';
import { sha256 } from '../../digest.ts';
import { UserError } from '../../errors.ts';
import { changed, damaged } from '../../store/damage.ts';
import { keyIn } from '../../store/key.ts';
import { parseWith, readBytes, writeOnce } from '../../store/once.ts';
import { openSealed, parseUnsealed, sealJson } from '../../store/seal.ts';
import type { ObjectStore } from '../../store/store.ts';
import { readStudentJson } from '../json-file.ts';
import type { DescribedEncoder } from './describe.ts';
import { type EncoderDescription, encoderDescriptionSchema, encoderFile } from './encoder.ts';
import { type NormalizerTraits, normalizerTraits } from './normalizer-traits.ts';

/**
 * Copies an encoder's files into a folder of the results, with its description as the last file.
 * Stages then need neither the dataset nor the internet.
 *
 * @param folder Key of the folder, with the last `/`.
 * @throws UserError if a file has changed since it was described: its digest would be wrong.
 */
export async function storeEncoder(
  { store, folder: from, description }: DescribedEncoder,
  results: ObjectStore,
  folder: string,
): Promise<void> {
  if (await results.head(`${folder}${encoderFile}`)) return;
  for (const { path, sha256: digest } of description.files) {
    const bytes = await readBytes(store, keyIn(from, path));
    if (sha256(bytes) !== digest) {
      throw new UserError(
        `${path} of ${description.source} has changed while it was read`,
        'Start the run again when the file is complete.',
      );
    }
    await writeOnce(results, `${folder}${path}`, bytes);
  }
  await writeOnce(results, `${folder}${encoderFile}`, sealJson(description));
}

/** Reads the description of an encoder that `storeEncoder` wrote. */
export async function readEncoder(store: ObjectStore, folder: string): Promise<EncoderDescription> {
  const key = `${folder}${encoderFile}`;
  const name = `${store.location}/${key}`;
  const bytes = await readStudentJson(store, key);
  return parseWith(encoderDescriptionSchema, openSealed(bytes, name), name);
}

/**
 * Reads the traits of the normalizer of a text encoder that `storeEncoder` wrote.
 * @throws UserError if its `tokenizer.json` was changed.
 */
export async function readNormalizer(
  store: ObjectStore,
  folder: string,
  { files }: Pick<EncoderDescription, 'files'>,
): Promise<NormalizerTraits> {
  const file = 'tokenizer.json';
  const name = `${store.location}/${folder}${file}`;
  const bytes = await readBytes(store, `${folder}${file}`);
  if (files.find(({ path }) => path === file)?.sha256 !== sha256(bytes)) {
    throw damaged(name, changed);
  }
  return normalizerTraits(parseWith(z.looseObject({}), parseUnsealed(bytes, name), name));
}
