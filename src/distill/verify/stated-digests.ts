/** Digests that objects of a run state of other objects, whose formats have no checksum. */
import { z } from 'zod';
import { methodNames } from '../../debias/methods.ts';
import { isAboutContent } from '../../errors.ts';
import { encoderFile } from '../../models/encoders/encoder.ts';
import { readEncoder } from '../../models/encoders/stored-encoder.ts';
import { descriptionFile } from '../../models/exporters.ts';
import { encoderFolder, readDescription } from '../../models/model-files.ts';
import { networkSchema } from '../../models/networks/index.ts';
import { documentsSchema } from '../../run/documents-file.ts';
import type { ShardItem } from '../../run/events.ts';
import { keys } from '../../run/keys.ts';
import { readManifest } from '../../run/objects-file.ts';
import { readJson } from '../../store/once.ts';
import type { ObjectStore } from '../../store/store.ts';

/** SHA-256 of objects by their keys, in hex: all digits, or the first ones. */
export type StatedDigests = Map<string, string>;

/** Fields that a plan of any version has. */
export const verifiedPlan = z.object({
  dataset: z.string(),
  config: z.object({
    /** Undefined if it has fields of another version. */
    student: networkSchema.optional().catch(undefined),
    folds: z.int().default(1),
  }),
  validatedOn: z.array(z.string()).catch([]).default([]),
  shardsDigest: z.string().optional(),
  unlabeledDigest: z.string().optional(),
  variants: z.array(z.object({ name: z.string(), method: z.enum(methodNames) })),
  baselines: z.array(z.object({ name: z.string() })).default([]),
  encoders: z.array(z.object({ digest: z.string(), files: z.string() })).default([]),
  teacher: z.object({
    digest: z.string(),
    labels: z.string().optional(),
    members: z.array(z.object({ digest: z.string() })).default([]),
  }),
});
export type VerifiedPlan = z.infer<typeof verifiedPlan>;

/** The field of `publication.json` that shows whether the dataset has a student in use. */
export const verifiedPublication = z.object({ published: z.boolean() });

/** Collects the digests that the plan of a run states. */
export function statedByPlan(
  run: string,
  { shardsDigest, unlabeledDigest }: VerifiedPlan,
): StatedDigests {
  const digests: StatedDigests = new Map();
  if (shardsDigest !== undefined) digests.set(keys.shards(run), shardsDigest);
  if (unlabeledDigest !== undefined) digests.set(keys.unlabeled(run), unlabeledDigest);
  return digests;
}

/**
 * Collects the digests that an object states of others: of the files of a model or an encoder in
 * its folder, or of the documents of a run. A damaged object states none.
 */
export async function statedBy(store: ObjectStore, key: string): Promise<StatedDigests> {
  const folder = key.slice(0, key.lastIndexOf('/') + 1);
  const name = key.slice(folder.length);
  if (name === descriptionFile) {
    const described = await ifReadable(readDescription(store, folder), undefined);
    return inFolder(folder, Object.entries(described?.files ?? {}));
  }
  if (name === encoderFile) {
    const { files } = await ifReadable(readEncoder(store, folder), { files: [] });
    return inFolder(
      folder,
      files.map(({ path, sha256 }) => [path, sha256]),
    );
  }
  if (key === keys.documents(key.split('/')[1]!)) {
    const { files } = await ifReadable(readJson(store, key, documentsSchema), { files: {} });
    return new Map(Object.entries(files));
  }
  return new Map(key.endsWith('.jsonl') ? [[key, name.replace('.jsonl', '')]] : []);
}

function inFolder(folder: string, files: readonly (readonly [string, string])[]): StatedDigests {
  return new Map(files.map(([path, digest]) => [`${folder}${path}`, digest]));
}

/**
 * Lists the key of the description of a student's encoder, even if the object is missing. Lists
 * none if the student has no encoder.
 */
export async function studentEncoder(store: ObjectStore, folder: string): Promise<string[]> {
  const key = `${folder}${encoderFolder}${encoderFile}`;
  if (await store.head(key)) return [key];
  if (!(await store.head(`${folder}${descriptionFile}`))) return [];
  const described = await ifReadable(readDescription(store, folder), undefined);
  return described?.examples ? [key] : [];
}

/** Lists the shards of a run; none if the list is damaged. */
export async function listedShards(store: ObjectStore, run: string): Promise<ShardItem[]> {
  if (!(await store.head(keys.shards(run)))) return [];
  return ifReadable(readManifest(store, keys.shards(run)), []);
}

/** Returns what is read, or another value if the object is damaged. */
export async function ifReadable<T, Other>(
  reading: Promise<T>,
  otherwise: Other,
): Promise<T | Other> {
  try {
    return await reading;
  } catch (error) {
    if (isAboutContent(error)) return otherwise;
    throw error;
  }
}
