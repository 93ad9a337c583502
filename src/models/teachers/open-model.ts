import { basename, join } from 'node:path';
import { textKind } from '../../data/features/text.ts';
import { UserError } from '../../errors.ts';
import { loadModelFile } from '../confined/load-model.ts';
import type { LoadModel } from '../confined/model-source.ts';
import { copyFiles } from '../local-copy.ts';
import type { Teacher } from '../teacher.ts';
import type { LoadedModel } from './loaded-model.ts';
import { modelTeacher } from './model-teacher.ts';
import type { TeacherSource } from './teacher-kind.ts';

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
  const model = await loadOrExplain(kind, source, folder);
  const options = { ...config, name, classes, multiLabel, features };
  if (features.kind !== textKind.name) return modelTeacher(model, options);
  const { textTeacher } = await import('./text-teacher.ts');
  const onnx = files.find(({ path }) => path.endsWith('.onnx'))?.path;
  return textTeacher(model, { ...options, folder, onnx: onnx && join(folder, onnx) });
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
