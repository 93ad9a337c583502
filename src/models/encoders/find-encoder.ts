import { basename, dirname } from 'node:path/posix';
import { UserError } from '../../errors.ts';
import { keyIn } from '../../store/key.ts';
import type { ObjectInfo, ObjectStore } from '../../store/store.ts';
import { folderFiles, modelJsonFiles } from '../teachers/find-files.ts';
import { foreignFile } from '../teachers/foreign-files.ts';
import { onnxFiles } from '../teachers/onnx.ts';
import type { TeacherFile } from '../teachers/teacher-kind.ts';
import type { EncoderConfig } from './config.ts';
import type { EncoderFormat, EncoderReads } from './encoder.ts';

/** The files of an encoder's model. */
export interface FoundEncoder {
  readonly format: EncoderFormat;
  /** Folder with the tokenizer and the settings, without a last `/`; '' is the whole store. */
  readonly folder: string;
  /** Path of the model's file within the folder. */
  readonly model: string;
  /** The files of the model; paths are relative to the folder. */
  readonly files: readonly TeacherFile[];
}

/** Paths of a model in a folder, the preferred one first. */
const modelPaths = ['model.onnx', 'onnx/model.onnx', 'saved_model.pb', 'model.json'];

/** Part of a model of images and texts, such as CLIP, in the layout of transformers.js. */
const partPaths = { image: 'onnx/vision_model.onnx', text: 'onnx/text_model.onnx' };

/**
 * Lists the paths where a folder may have its model, the preferred one first. Beside the parts of
 * CLIP, `model.onnx` reads both images and texts.
 */
export function modelCandidates(reads: EncoderReads): readonly string[] {
  return [partPaths[reads], ...modelPaths];
}

/**
 * Finds the model of an encoder.
 *
 * @param reads Kind of content of the task.
 * @param source Name of the encoder in errors.
 * @throws UserError if there is none, or a file of it is missing.
 */
export async function findEncoder(
  store: ObjectStore,
  { path, file }: Pick<EncoderConfig, 'path' | 'file'>,
  reads: EncoderReads,
  source: string,
): Promise<FoundEncoder> {
  const key = path.replace(/\/+$/, '').replace(/^\.$/, '');
  refuseOutside(path, store.location);
  const foreign = foreignFile(key, `encoder: '${key}'`);
  if (foreign) throw foreign;
  if (key.endsWith('.onnx') && file !== undefined) {
    throw new UserError(
      `encoder.path names the model '${key}', and encoder.file names '${file}'`,
      'Set encoder.path to the folder, or remove encoder.file.',
    );
  }
  if (key.endsWith('.onnx')) return findOnnx(store, folderOfModel(key), key);
  const candidates = file === undefined ? modelCandidates(reads) : [file];
  for (const candidate of candidates) {
    const object = await store.head(keyIn(key, candidate));
    if (object) return foundAt(store, key, keyIn(key, candidate), object);
  }
  throw new UserError(
    `encoder: there is no ${file ?? 'model.onnx, onnx/model.onnx, saved_model.pb or model.json'} in ${source} (${store.location}/${key})`,
    'Put the model there. For ONNX: optimum-cli export onnx --model NAME FOLDER; paths are relative to the dataset.',
  );
}

/** @throws UserError for a path that does not lead to a folder of the dataset. */
function refuseOutside(path: string, dataset: string): void {
  if (/^https?:/.test(path)) {
    throw new UserError(
      `encoder: '${path}' is an address, not a folder of the dataset`,
      'For a model of the Hugging Face hub write hf:OWNER/NAME@REVISION.',
    );
  }
  if (!/^(\/|\.\.(\/|$))/.test(path)) return;
  throw new UserError(
    `encoder: '${path}' is outside the dataset (${dataset})`,
    'Copy the folder of the encoder into the dataset, and write its path relative to the dataset.',
  );
}

async function foundAt(
  store: ObjectStore,
  folder: string,
  key: string,
  object: ObjectInfo,
): Promise<FoundEncoder> {
  const name = basename(key);
  if (name === 'saved_model.pb') return findSavedModel(store, folder, { path: name, object });
  if (name === 'model.json') {
    const files = await modelJsonFiles(store, 'encoder', key, 'graph-model');
    return { format: 'graphModel', folder, model: name, files };
  }
  return findOnnx(store, folder, key);
}

/** Returns the folder with the tokenizer; transformers.js keeps models in its folder `onnx`. */
function folderOfModel(key: string): string {
  const folder = dirname(key) === '.' ? '' : dirname(key);
  if (basename(folder) !== 'onnx') return folder;
  return dirname(folder) === '.' ? '' : dirname(folder);
}

async function findOnnx(store: ObjectStore, folder: string, key: string): Promise<FoundEncoder> {
  const model = folder === '' ? key : key.slice(folder.length + 1);
  const inside = dirname(model) === '.' ? '' : `${dirname(model)}/`;
  const files = await onnxFiles(store, key, 'encoder');
  return {
    format: 'onnx',
    folder,
    model,
    files: files.map(({ path, object }) => ({ path: `${inside}${path}`, object })),
  };
}

async function findSavedModel(
  store: ObjectStore,
  folder: string,
  model: TeacherFile,
): Promise<FoundEncoder> {
  const files = await folderFiles(store, folder);
  const inside = files.filter(({ path }) => /^(variables|assets)\//.test(path));
  return { format: 'savedModel', folder, model: model.path, files: [model, ...inside] };
}
