import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, posix } from 'node:path';
import { UserError } from '../../errors.ts';
import { fromFloat16 } from '../../float16.ts';
import type { ort } from '../../onnxruntime.ts';
import type { ObjectStore } from '../../store/store.ts';
import { checkOnnx } from '../allowed/check-onnx.ts';
import { requireFile } from './find-files.ts';
import { dimension, type LoadedModel, type Port } from './loaded-model.ts';
import { modelKind } from './model-kind.ts';
import { outputsToAppend, readOnnxFacts } from './onnx-file.ts';
import type { TeacherFile } from './teacher-kind.ts';

/** An ONNX file, which onnxruntime runs. */
export const onnxKind = modelKind({
  name: 'onnx',
  description: 'An ONNX file; for texts the folder with model.onnx and tokenizer.json.',
  noun: 'the ONNX model',
  async find(store, key) {
    const path = await modelInFolder(store, key);
    return [...(await onnxFiles(store, path, 'teacher.onnx')), ...(await settingsOf(store, path))];
  },
  async load({ path, folder, name, inner }) {
    if (path.endsWith('.onnx')) return loadOnnx(path, name, inner);
    const file = (await readdir(folder)).find((one) => one.endsWith('.onnx'));
    return loadOnnx(join(folder, file!), name);
  },
  library: () => import('../../onnxruntime.ts'),
  recognize: async (_, key) => (key.endsWith('.onnx') ? key : undefined),
  ports: async (store, key) => readOnnxFacts(await store.read(key)),
});

/** Returns the ONNX file in a folder, as transformers.js lays it out, or else the key itself. */
async function modelInFolder(store: ObjectStore, key: string): Promise<string> {
  if (key.endsWith('.onnx') || (await store.head(key))) return key;
  for (const path of [`${key}/model.onnx`, `${key}/onnx/model.onnx`]) {
    if (await store.head(path)) return path;
  }
  return key;
}

/** Files of a tokenizer, and of the names of classes, beside a model. */
const settingsFiles = ['tokenizer.json', 'tokenizer_config.json', 'config.json'];

/**
 * Finds the files of the tokenizer and of the names of classes, beside a model or beside its folder
 * `onnx`; empty if there are none. A folder with a tokenizer comes first.
 */
async function settingsOf(store: ObjectStore, key: string): Promise<TeacherFile[]> {
  const folder = posix.dirname(key);
  const folders = posix.basename(folder) === 'onnx' ? [folder, posix.dirname(folder)] : [folder];
  const found: TeacherFile[][] = [];
  for (const parent of folders) {
    const files: TeacherFile[] = [];
    for (const path of settingsFiles) {
      const object = await store.head(posix.join(parent, path));
      if (object) files.push({ path, object });
    }
    found.push(files);
  }
  const has = (wanted: string) => found.find((files) => files.some(({ path }) => path === wanted));
  return has('tokenizer.json') ?? has('config.json') ?? [];
}

/**
 * Finds an ONNX file and the files with its weights; paths are relative to its folder.
 * @param field Name of the field in errors: `teacher.onnx`.
 * @throws UserError if a file is missing, or lies outside the model's folder.
 */
export async function onnxFiles(
  store: ObjectStore,
  key: string,
  field: string,
): Promise<TeacherFile[]> {
  const model = await requireFile(store, key, `${field}: '${key}'`, 'an ONNX file');
  const { version } = model.object;
  const { externalData } = await readOnnxFacts(await store.read(key, { version }));
  const files = [model];
  for (const location of externalData) {
    files.push(await findExternalData(store, key, location, field));
  }
  return files;
}

/** Finds a file with weights. Its location is relative to the model's folder. */
async function findExternalData(
  store: ObjectStore,
  key: string,
  location: string,
  field: string,
): Promise<TeacherFile> {
  const path = posix.normalize(location.replaceAll('\\', '/'));
  if (path.startsWith('../') || path.startsWith('/') || path === '..') {
    throw new UserError(
      `${field}: '${key}' has weights at '${location}', outside the model's folder`,
      "Save it again with its weights beside it: onnx.save(model, 'model.onnx', save_as_external_data=True, location='model.onnx.data').",
    );
  }
  const file = posix.join(posix.dirname(key), path);
  const { object } = await requireFile(
    store,
    file,
    `${field}: '${key}'`,
    `its weights ${file}, which the model names`,
  );
  return { path, object };
}

/** Errors are thrown; onnxruntime would also print them. */
const quiet = { logSeverityLevel: 4 } as const;

/**
 * Loads an ONNX file. onnxruntime finds its external data through the paths inside it.
 *
 * @param modelName Name of the model in errors.
 * @param inner Tensors of floats inside the graph that become outputs as well. Default: none.
 * @throws UserError if it has operators that are not allowed.
 */
export async function loadOnnx(
  path: string,
  modelName: string,
  inner: readonly string[] = [],
): Promise<LoadedModel> {
  await checkOnnx(path, modelName);
  const { InferenceSession, Tensor } = await import('../../onnxruntime.ts');
  const { zipped, classLabels } = await readOnnxFacts(createReadStream(path));
  const added = [...inner, ...zipped];
  const session = await createSession(InferenceSession, path, added).catch((error) =>
    explainVersion(error, basename(path)),
  );
  return {
    inputs: session.inputMetadata.map(port),
    outputs: session.outputMetadata.map(port),
    classLabels,
    async run(feeds, names) {
      const tensors = feeds.map(({ name, values, shape }) => [
        name,
        // The constructor has one overload per type of values.
        Array.isArray(values)
          ? new Tensor('string', values, shape)
          : values instanceof Uint16Array
            ? new Tensor('float16', values, shape)
            : new Tensor(values as Float32Array, shape),
      ]);
      const results = await session.run(Object.fromEntries(tensors), [...names], quiet);
      return names.map((name) => {
        const { data, dims } = results[name]!;
        return { shape: dims, values: floatsOf(data) };
      });
    },
    dispose() {
      void session.release();
    },
  };
}

/** Narrows floats of any type; `modelTeacher` takes no other outputs. */
function floatsOf(data: ort.Tensor['data']): Float32Array {
  if (data instanceof Float32Array) return data;
  // Newer versions of Node give float16 as numbers.
  return data instanceof Uint16Array
    ? fromFloat16(data)
    : Float32Array.from(data as Iterable<number>);
}

/**
 * Threads of onnxruntime that have no work sleep. By default they spin, which takes the cores from
 * the other workers: two at a time took a third longer, and one was not faster.
 */
const sessionSettings = { intra_op: { allow_spinning: '0' } };

/**
 * Creates a session.
 * @param added Tensors inside the graph that become outputs as well: those of an encoder, and those
 *   before a ZipMap, because onnxruntime-node cannot return the maps of a ZipMap.
 */
async function createSession(
  { create }: typeof ort.InferenceSession,
  path: string,
  added: readonly string[],
): Promise<ort.InferenceSession> {
  if (added.length === 0) return create(path, { ...quiet, extra: { session: sessionSettings } });
  const session = {
    ...sessionSettings,
    // Bytes have no folder in which external data could be found.
    model_external_initializers_file_folder_path: dirname(path),
  };
  const bytes = Buffer.concat([await readFile(path), outputsToAppend(added)]);
  return create(bytes, { ...quiet, extra: { session } });
}

/** @throws UserError with the way to export, if onnxruntime is older than the model. */
function explainVersion(error: Error, file: string): never {
  const [, found, newest] =
    /Unsupported model IR version: (\d+), max supported IR version: (\d+)/.exec(error.message) ??
    [];
  if (newest !== undefined) {
    throw new UserError(
      `${file} has IR version ${found}, and this version of onnxruntime reads up to ${newest}`,
      `In Python: model = onnx.load('${file}'); model.ir_version = ${newest}; onnx.save(model, '${file}'). If its opset is then too new, export it with an older one, such as opset 20.`,
    );
  }
  const [, opset, latest] =
    /Opset (\d+) is under development[\s\S]*?(?:is till opset|till opset) (\d+)/.exec(
      error.message,
    ) ?? [];
  if (latest === undefined) throw error;
  throw new UserError(
    `${file} uses opset ${opset}, and this version of onnxruntime reads up to ${latest}`,
    `Export it with opset ${latest} or lower, such as torch.onnx.export(..., opset_version=20) or onnx.version_converter.convert_version(model, ${latest}).`,
  );
}

function port(metadata: ort.InferenceSession.ValueMetadata): Port {
  const { name } = metadata;
  if (!metadata.isTensor) return { name, dtype: 'map', shape: undefined };
  // A shape of unknown rank is empty. No input or output that we can use is a scalar.
  const shape = metadata.shape.length === 0 ? undefined : metadata.shape.map(dimension);
  return { name, dtype: metadata.type, shape };
}
