import { basename } from 'node:path/posix';
import { UserError } from '../../errors.ts';
import type { ObjectStore } from '../../store/store.ts';
import { readJsonText } from '../json-file.ts';
import { formatOfModelJson, parseModelJson } from '../model-json.ts';
import { foreignFile } from './foreign-files.ts';
import type { TeacherFile } from './teacher-kind.ts';

/** Returns all files of a folder, with paths relative to it. */
export async function folderFiles(store: ObjectStore, key: string): Promise<TeacherFile[]> {
  const files: TeacherFile[] = [];
  for await (const object of store.list(`${key}/`)) {
    const path = object.key.slice(key.length + 1);
    if (path !== '' && !path.endsWith('/')) files.push({ path, object });
  }
  return files;
}

/**
 * Returns one file.
 * @param field Name of the field in errors: `teacher.onnx: 'a.onnx'`.
 * @throws UserError if it is missing.
 */
export async function requireFile(
  store: ObjectStore,
  key: string,
  field: string,
  expected: string,
): Promise<TeacherFile> {
  const foreign = foreignFile(key, field);
  if (foreign) throw foreign;
  const object = await store.head(key);
  if (object) return { path: basename(key), object };
  throw new UserError(
    `${field}: expected ${expected}, and there is no such file in ${store.location}`,
    `Put it there, or correct the path in distill.yaml; paths are relative to the dataset.`,
  );
}

/**
 * Returns the `model.json` of a tfjs model and the weights that it names.
 * @param section Name of the field in errors: `teacher.graphModel`.
 * @throws UserError if a file is missing, or the model is of the other format.
 */
export async function modelJsonFiles(
  store: ObjectStore,
  section: string,
  key: string,
  format: 'layers-model' | 'graph-model',
): Promise<TeacherFile[]> {
  const field = `${section}: '${key}'`;
  const json = await requireFile(store, key, field, `the model.json of a tfjs ${format}`);
  const { version } = json.object;
  const model = parseModelJson(await readJsonText(store, key, version), field, format);
  const folder = key.slice(0, key.length - basename(key).length);
  const files = [json];
  for (const path of new Set(model.weightsManifest.flatMap(({ paths }) => paths))) {
    files.push(await requireFile(store, folder + path, field, `its weights ${folder}${path}`));
  }
  return files;
}

/** Returns the key if it is the `model.json` of a tfjs model in this format. */
export async function recognizeModelJson(
  store: ObjectStore,
  key: string,
  format: 'layers-model' | 'graph-model',
): Promise<string | undefined> {
  if (!key.endsWith('/model.json')) return undefined;
  const found = formatOfModelJson(await readJsonText(store, key), `'${key}'`);
  return found === format ? key : undefined;
}

/** Returns the folder of a key, without a `/` at its end. */
export function folderOf(key: string): string {
  return key.slice(0, key.lastIndexOf('/'));
}
