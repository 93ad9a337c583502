/** Reads and writes the files of models in a store. */
import { readBytes, readJson, writeOnce } from '../store/once.ts';
import type { ObjectStore } from '../store/store.ts';
import { encoderFile } from './encoders/encoder.ts';
import { readEncoder } from './encoders/open-encoder.ts';
import {
  descriptionFile,
  layersModelExporter,
  modelFileNames,
  parseModelFile,
} from './exporters.ts';
import type { ModelFiles } from './exports/exporter.ts';
import { type StudentDescription, studentSchema } from './student-description.ts';

/**
 * Reads the description of a model without the model.
 * @throws UserError if the store has none, or it is of another version.
 */
export function readDescription(store: ObjectStore): Promise<StudentDescription> {
  return readJson(store, descriptionFile, studentSchema);
}

/** Reads the files from which `loadModel` opens a model. */
export async function readModelFiles(store: ObjectStore, folder: string): Promise<ModelFiles> {
  const description = await readFiles(store, folder, [descriptionFile]);
  const names = isOfNgrams(description) ? modelFileNames.ngrams : layersModelExporter.files;
  return new Map([...(await readFiles(store, folder, names)), ...description]);
}

/** Returns whether a description is that of an `ngrams` model; `loadModel` checks it. */
function isOfNgrams(files: ModelFiles): boolean {
  try {
    return studentSchema.parse(parseModelFile(files, descriptionFile)).network === 'ngrams';
  } catch {
    return false;
  }
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

/** Returns whether a model is complete: its last file exists. */
export async function isModelSaved(store: ObjectStore, folder: string): Promise<boolean> {
  return (await store.head(`${folder}${descriptionFile}`)) !== undefined;
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
