/** Reads and writes the files of models in a store. */
import { sha256 } from '../digest.ts';
import { bytesUpTo } from '../store/bytes.ts';
import { changed, damaged, missing } from '../store/damage.ts';
import { parseWith, readBytes, writeOnce } from '../store/once.ts';
import { parseUnsealed } from '../store/seal.ts';
import type { ObjectStore } from '../store/store.ts';
import { maxParameters } from './allowed/budget.ts';
import { tooLargeNetwork } from './allowed/refused-part.ts';
import { encoderFile } from './encoders/encoder.ts';
import { readEncoder } from './encoders/stored-encoder.ts';
import { descriptionFile, modelFileNames, topologyFile, weightsFile } from './exporters.ts';
import type { ModelFiles } from './exports/exporter.ts';
import { readStudentJson } from './json-file.ts';
import { layersManifest } from './layers-manifest.ts';
import { ngramsSchema } from './ngrams/files.ts';
import { ngramsFile, ngramsWeightsFile } from './ngrams/names.ts';
import { parseDescription, type StudentDescription } from './student-description.ts';
import { countNumbers } from './tensor-list.ts';

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
  return parseDescription(await readStudentJson(store, key), `${store.location}/${key}`);
}

/**
 * Reads the files from which `loadModel` opens a model. The size of the weights is compared with
 * the other files before they are read.
 * @throws UserError if one is damaged.
 */
export async function readModelFiles(store: ObjectStore, folder: string): Promise<ModelFiles> {
  const location = `${store.location}/${folder}`;
  const description = await readStudentJson(store, `${folder}${descriptionFile}`);
  const { network, files: digests = {} } = parseDescription(
    description,
    `${location}${descriptionFile}`,
  );
  const { file, weights, maxNumbers, numbersOf } = network === 'ngrams' ? ngramsFiles : layersFiles;
  const json = await readStudentJson(store, `${folder}${file}`);
  requireDigest(store, `${folder}${file}`, json, digests[file]);
  const numbers = numbersOf(json, `${location}${file}`);
  if (numbers > maxNumbers) {
    throw tooLargeNetwork(`${location}${file} lists ${numbers} numbers`, maxNumbers);
  }
  const listed = { numbers, by: file, digest: digests[weights] };
  return new Map([
    [file, json],
    [weights, await readWeights(store, `${folder}${weights}`, listed)],
    [descriptionFile, description],
  ]);
}

/** Facts about weights that other files of the model state. */
interface ListedWeights {
  readonly numbers: number;
  /** Name of the file that lists the numbers. */
  readonly by: string;
  readonly digest: string | undefined;
}

/** Reads the weights of a model. @throws UserError if they have another size or digest. */
async function readWeights(
  store: ObjectStore,
  key: string,
  { numbers, by, digest }: ListedWeights,
): Promise<Uint8Array> {
  const bytes = 4 * numbers;
  const values = await bytesUpTo(await store.read(key), bytes);
  if (values?.length !== bytes) {
    const found = values === undefined ? `more than ${bytes}` : values.length;
    const how = `has ${found} bytes, and ${by} lists tensors of ${bytes}`;
    throw damaged(`${store.location}/${key}`, digest === undefined ? how : changed);
  }
  requireDigest(store, key, values, digest);
  return values;
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
  if (digest === undefined || sha256(bytes) === digest) return;
  throw damaged(`${location}/${key}`, changed);
}

/** The files of an n-gram model, and the number of weights that the first one lists. */
const ngramsFiles = {
  file: ngramsFile,
  weights: ngramsWeightsFile,
  /** 8 GiB of weights, which is more than a process can train. */
  maxNumbers: 2 ** 31,
  numbersOf: (json: Uint8Array, name: string) =>
    countNumbers(parseWith(ngramsSchema, parseUnsealed(json, name), name).tensors),
};
/** The files of a network, and the number of weights that the first one lists. */
const layersFiles = {
  file: topologyFile,
  weights: weightsFile,
  maxNumbers: maxParameters,
  numbersOf(json: Uint8Array, name: string) {
    const { weightsManifest } = parseWith(layersManifest, parseUnsealed(json, name), name);
    return countNumbers(weightsManifest[0].weights);
  },
};

/**
 * Reads the files of a model in every format in which it was saved, and of its encoder.
 *
 * @param added SHA-256 of files that were added after the model was saved, by name.
 * @throws UserError with the key of a file that is missing or damaged.
 */
export async function readExports(
  store: ObjectStore,
  folder: string,
  added: ReadonlyMap<string, string> = new Map(),
): Promise<ModelFiles> {
  const { files, examples } = await readDescription(store, folder);
  const known = new Set([...modelFileNames.layers, ...modelFileNames.ngrams]);
  const digests = new Map([
    ...Object.entries(files ?? {}).filter(([name]) => known.has(name)),
    ...added,
    ...(examples ? await encoderDigests(store, `${folder}${encoderFolder}`) : []),
  ]);
  // A model of version 0.1.0 has no digests.
  const names = files ? [...digests.keys()] : await presentFiles(store, folder, [...known]);
  for (const name of names) await requirePresent(store, folder + name);
  const read = await readFiles(store, folder, names);
  for (const [name, bytes] of read) requireDigest(store, folder + name, bytes, digests.get(name));
  const descriptions = [...(examples ? [`${encoderFolder}${encoderFile}`] : []), descriptionFile];
  return new Map([...read, ...(await readFiles(store, folder, descriptions))]);
}

/** Selects the names of files that exist. */
async function presentFiles(store: ObjectStore, folder: string, names: readonly string[]) {
  const found = await Promise.all(names.map((name) => store.head(folder + name)));
  return names.filter((_, index) => found[index]);
}

/** @throws UserError if there is no such object. */
async function requirePresent(store: ObjectStore, key: string): Promise<void> {
  if (!(await store.head(key))) throw damaged(`${store.location}/${key}`, missing);
}

/** Folder of the encoder within a student's folder. */
export const encoderFolder = 'encoder/';

/** Returns the digests of the files of a student's encoder. */
async function encoderDigests(
  store: ObjectStore,
  folder: string,
): Promise<(readonly [string, string])[]> {
  await requirePresent(store, `${folder}${encoderFile}`);
  const { files } = await readEncoder(store, folder);
  return files.map(({ path, sha256: digest }) => [`${encoderFolder}${path}`, digest]);
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
