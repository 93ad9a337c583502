import { basename, dirname } from 'node:path/posix';
import { text } from 'node:stream/consumers';
import { UserError } from '../errors.ts';
import type { ObjectInfo, ObjectStore } from '../store/store.ts';
import type { TeacherConfig } from './config.ts';
import { parseModelJson } from './teachers/model-json.ts';

/** What a user may bring, as the config names it. */
const broughtKinds = ['onnx', 'savedModel', 'layersModel', 'graphModel', 'predictions'] as const;
export type BroughtKind = (typeof broughtKinds)[number];

export interface TeacherFile {
  /** Relative to the folder that the model is in. */
  readonly path: string;
  /** Pinned: its bytes are what is digested and what is loaded. */
  readonly object: ObjectInfo;
}

export interface TeacherFiles {
  readonly kind: BroughtKind;
  /** How errors name the teacher: `the ONNX model teacher/model.onnx`. */
  readonly name: string;
  /** In ascending order of the paths. */
  readonly files: readonly TeacherFile[];
}

const nouns: Record<BroughtKind, string> = {
  onnx: 'the ONNX model',
  savedModel: 'the SavedModel',
  layersModel: 'the LayersModel',
  graphModel: 'the GraphModel',
  predictions: 'the predictions in',
};

/**
 * Finds and pins all files of the teacher that the config names.
 * @throws UserError when one is missing: the key, and what was expected there.
 */
export async function teacherFiles(
  store: ObjectStore,
  config: TeacherConfig,
): Promise<TeacherFiles> {
  const kind = broughtKinds.find((name) => config[name] !== undefined);
  if (kind === undefined) throw new Error('a teacher that is trained has no files to bring');
  const key = config[kind]!.replace(/\/+$/, '');
  const files = await findFiles(store, kind, key);
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { kind, name: `${nouns[kind]} ${key}`, files };
}

function findFiles(store: ObjectStore, kind: BroughtKind, key: string): Promise<TeacherFile[]> {
  switch (kind) {
    case 'onnx':
      return onnxFiles(store, key);
    case 'savedModel':
      return savedModelFiles(store, key);
    case 'layersModel':
      return modelJsonFiles(store, kind, key, 'layers-model');
    case 'graphModel':
      return modelJsonFiles(store, kind, key, 'graph-model');
    case 'predictions':
      return predictionFiles(store, key);
  }
}

/** The file, and its external data under the two names that exporters use. */
async function onnxFiles(store: ObjectStore, key: string): Promise<TeacherFile[]> {
  const files = [await requireFile(store, key, `teacher.onnx: '${key}'`, 'an ONNX file')];
  for (const suffix of ['.data', '_data']) {
    const object = await store.head(key + suffix);
    if (object) files.push({ path: basename(key) + suffix, object });
  }
  return files;
}

async function savedModelFiles(store: ObjectStore, key: string): Promise<TeacherFile[]> {
  const files = await folderFiles(store, key);
  if (files.some(({ path }) => path === 'saved_model.pb')) return files;
  const nested = files.find(({ path }) => basename(path) === 'saved_model.pb');
  throw new UserError(
    `teacher.savedModel: there is no ${key}/saved_model.pb in ${store.location}`,
    nested
      ? `Set teacher.savedModel: ${dirname(nested.object.key)}.`
      : 'Give the folder that model.export (Keras) or tf.saved_model.save made.',
  );
}

async function modelJsonFiles(
  store: ObjectStore,
  kind: 'layersModel' | 'graphModel',
  key: string,
  format: 'layers-model' | 'graph-model',
): Promise<TeacherFile[]> {
  const field = `teacher.${kind}: '${key}'`;
  const json = await requireFile(store, key, field, `the model.json of a tfjs ${format}`);
  const { version } = json.object;
  const model = parseModelJson(await text(await store.read(key, { version })), field, format);
  const folder = key.slice(0, key.length - basename(key).length);
  const files = [json];
  for (const path of new Set(model.weightsManifest.flatMap(({ paths }) => paths))) {
    files.push(await requireFile(store, folder + path, field, `its weights ${folder}${path}`));
  }
  return files;
}

async function predictionFiles(store: ObjectStore, key: string): Promise<TeacherFile[]> {
  const files = (await folderFiles(store, key)).filter(({ path }) => path.endsWith('.parquet'));
  if (files.length > 0) return files;
  throw new UserError(
    `teacher.predictions: there is no .parquet file in ${store.location}/${key}/`,
    'Put Parquet files there with the columns id and probabilities (a list of floats).',
  );
}

async function folderFiles(store: ObjectStore, key: string): Promise<TeacherFile[]> {
  const files: TeacherFile[] = [];
  for await (const object of store.list(`${key}/`)) {
    const path = object.key.slice(key.length + 1);
    if (path !== '' && !path.endsWith('/')) files.push({ path, object });
  }
  return files;
}

async function requireFile(
  store: ObjectStore,
  key: string,
  field: string,
  expected: string,
): Promise<TeacherFile> {
  const object = await store.head(key);
  if (object) return { path: basename(key), object };
  throw new UserError(
    `${field}: expected ${expected}, and there is no such file in ${store.location}`,
    `Put it there, or correct the path in distill.yaml; paths are relative to the dataset.`,
  );
}
