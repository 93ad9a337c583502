import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { textKind } from '../../data/features/text.ts';
import { UserError } from '../../errors.ts';
import { tryParseJson } from '../../json.ts';
import { loadModelFile } from '../confined/load-model.ts';
import type { LoadModel } from '../confined/model-source.ts';
import { requireJsonSize } from '../json-file.ts';
import { copyFiles } from '../local-copy.ts';
import type { Teacher } from '../teacher.ts';
import type { LoadedModel } from './loaded-model.ts';
import { modelTeacher } from './model-teacher.ts';
import type { TeacherFile, TeacherSource } from './teacher-kind.ts';

/** Name of a kind of teachers, and its function. */
interface Loader {
  readonly name: string;
  readonly load: LoadModel;
}

/**
 * Opens a teacher that is a model in files.
 * @throws UserError if it cannot be loaded, is refused, or does not fit the task.
 */
export async function openModel(kind: Loader, source: TeacherSource): Promise<Teacher> {
  const { store, files, scratch, digest, config, name, classes, multiLabel, features } = source;
  const folder = join(scratch, `teacher-${digest}`);
  await copyFiles(store, files, folder, source.verify);
  const settings = await settingsIn(folder, files);
  const model = await loadOrExplain(kind, source, folder);
  const options = { ...config, name, classes, multiLabel, features, settings };
  if (features.kind !== textKind.name) return modelTeacher(model, options);
  const { textTeacher } = await import('./text-teacher.ts');
  const onnx = files.find(({ path }) => path.endsWith('.onnx'))?.path;
  return textTeacher(model, { ...options, folder, onnx: onnx && join(folder, onnx) });
}

/** Reads `config.json`, as transformers stores it beside a model; undefined without it. */
async function settingsIn(folder: string, files: readonly TeacherFile[]): Promise<unknown> {
  const file = files.find(({ path }) => path === 'config.json');
  if (file === undefined) return undefined;
  requireJsonSize(file.object.bytes, file.object.key);
  return tryParseJson(await readFile(join(folder, file.path), 'utf8'));
}

async function loadOrExplain(
  kind: Loader,
  { name, key, files }: TeacherSource,
  folder: string,
): Promise<LoadedModel> {
  try {
    return await loadModelFile(kind, { folder, path: join(folder, basename(key)), name });
  } catch (error) {
    if (error instanceof UserError) throw error;
    const found = files.map(({ object }) => object.key).join(', ');
    throw new UserError(
      `${name} cannot be loaded: ${(error as Error).message}`,
      `Check that the model loads in the tool that made it and that all its files are there; found: ${found}.`,
    );
  }
}
