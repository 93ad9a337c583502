/** Reads and writes the files of models in a store. */
import { sha256 } from '../digest.ts';
import { changed, damaged, readBytes, writeOnce } from '../store/once.ts';
import type { ObjectStore } from '../store/store.ts';
import { encoderFile } from './encoders/encoder.ts';
import { readEncoder } from './encoders/open-encoder.ts';
import { descriptionFile, layersModelExporter, modelFileNames } from './exporters.ts';
import type { ModelFiles } from './exports/exporter.ts';
import { parseDescription, type StudentDescription } from './student-description.ts';

/**
 * Reads the description of a model without the model.
 *
 * @param folder Key of the model's folder, with the last `/`. Default: the store is the folder.
 * @throws UserError if the store has none, or it is damaged or of another version.
 */
export async function readDescription(
  store: ObjectStore,
  folder = '',
): Promise<StudentDescription> {
  const key = `${folder}${descriptionFile}`;
  return parseDescription(await readBytes(store, key), `${store.location}/${key}`);
}

/**
 * Reads the files from which `loadModel` opens a model.
 * @throws UserError if one is damaged.
 */
export async function readModelFiles(store: ObjectStore, folder: string): Promise<ModelFiles> {
  const described = await readFiles(store, folder, [descriptionFile]);
  const name = `${store.location}/${folder}${descriptionFile}`;
  const { network, files: digests } = parseDescription(described.get(descriptionFile)!, name);
  const names = network === 'ngrams' ? modelFileNames.ngrams : layersModelExporter.files;
  const files = await readFiles(store, folder, names);
  for (const [file, bytes] of files) requireDigest(store, folder + file, bytes, digests?.[file]);
  return new Map([...files, ...described]);
}

/**
 * Checks the bytes of a model's file. Models of version 0.1.0 have no digests.
 * @throws UserError if they differ.
 */
function requireDigest(
  { location }: ObjectStore,
  key: string,
  bytes: Uint8Array,
  digest: string | undefined,
): void {
  if (digest !== undefined && sha256(bytes) !== digest)
    throw damaged(`${location}/${key}`, changed);
}

/**
 * Reads the files of a model in every format. Formats whose exporter was added after the model was
 * saved are left out.
 */
export async function readExports(store: ObjectStore, folder: string): Promise<ModelFiles> {
  const names = [...modelFileNames.layers, ...modelFileNames.ngrams, descriptionFile];
  const present = await Promise.all(
    names.map(async (name) => ((await store.head(`${folder}${name}`)) ? [name] : [])),
  );
  return readFiles(store, folder, [...present.flat(), ...(await encoderFiles(store, folder))]);
}

/** Folder of the encoder within a student's folder. */
export const encoderFolder = 'encoder/';

/** Lists the files of the encoder of a student, if it has one. */
async function encoderFiles(store: ObjectStore, folder: string): Promise<string[]> {
  if (!(await store.head(`${folder}${encoderFolder}${encoderFile}`))) return [];
  const { files } = await readEncoder(store, `${folder}${encoderFolder}`);
  return [encoderFile, ...files.map(({ path }) => path)].map((path) => `${encoderFolder}${path}`);
}

async function readFiles(store: ObjectStore, folder: string, names: readonly string[]) {
  const bodies = await Promise.all(names.map((name) => readBytes(store, `${folder}${name}`)));
  return new Map(names.map((name, index) => [name, bodies[index]!]));
}

/** Returns whether there is a model: the file that is written last. */
export async function hasModel(store: ObjectStore, folder: string): Promise<boolean> {
  return (await store.head(`${folder}${descriptionFile}`)) !== undefined;
}

/**
 * Returns whether a model has all files that were saved.
 * @throws UserError if the file that lists them is damaged.
 */
export async function isModelSaved(store: ObjectStore, folder: string): Promise<boolean> {
  if (!(await hasModel(store, folder))) return false;
  const { files = {} } = await readDescription(store, folder);
  const found = await Promise.all(Object.keys(files).map((name) => store.head(folder + name)));
  return found.every((object) => object !== undefined);
}

/** Writes the files that `saveModel` made, in their order. */
export async function writeModelFiles(
  store: ObjectStore,
  folder: string,
  files: ModelFiles,
): Promise<void> {
  for (const [name, body] of files) await writeOnce(store, `${folder}${name}`, body);
}

/** Returns the folder of one fold's model within the folder of all; both keys end in `/`. */
export function foldFolder(folder: string, fold: number): string {
  return `${folder}fold-${fold}/`;
}
