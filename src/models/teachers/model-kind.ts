import { basename, join } from 'node:path';
import { sum } from '../../arrays.ts';
import { textKind } from '../../data/features/text.ts';
import { UserError } from '../../errors.ts';
import { loadModelFile } from '../confined/load-model.ts';
import type { LoadModel } from '../confined/model-source.ts';
import { copyFiles } from '../local-copy.ts';
import { sizeOfFile } from '../size/network-size.ts';
import type { LoadedModel } from './loaded-model.ts';
import { modelTeacher } from './model-teacher.ts';
import { pathField, type SuppliedKind, type TeacherSource } from './teacher-kind.ts';

/**
 * Defines a kind of teacher that is a model in files: a name, a way to find its files, and a
 * function that loads them. `onnx.ts` is an example.
 */
export function modelKind<const Name extends string>(
  definition: {
    readonly name: Name;
    /** Text for the schema of distill.yaml. */
    readonly description: string;
    readonly noun: string;
    /** Loads the model from a local copy of its files; `path` is the file that the config names. */
    readonly load: LoadModel;
    /** Default: estimated from the bytes of all files. */
    readonly size?: SuppliedKind['size'];
  } & Pick<SuppliedKind, 'find' | 'recognize' | 'ports'>,
) {
  const { description, ...rest } = definition;
  return {
    size: ({ files, shape }) => sizeOfFile(sum(files.map(({ object }) => object.bytes)), shape),
    ...rest,
    fields: pathField(definition.name, description),
    supplied: true,
    isModel: true,
    async open(source) {
      const { store, files, scratch, digest, config, name, classes, multiLabel, features } = source;
      const folder = join(scratch, `teacher-${digest}`);
      await copyFiles(store, files, folder, source.verify);
      const model = await loadOrExplain(definition, source, folder);
      const options = { ...config, name, classes, multiLabel, features };
      if (features.kind !== textKind.name) return modelTeacher(model, options);
      const { textTeacher } = await import('./text-teacher.ts');
      const onnx = files.find(({ path }) => path.endsWith('.onnx'))?.path;
      return textTeacher(model, { ...options, folder, onnx: onnx && join(folder, onnx) });
    },
  } as const satisfies SuppliedKind;
}

async function loadOrExplain(
  kind: { readonly name: string; readonly load: LoadModel },
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
