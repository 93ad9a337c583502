import { basename, join } from 'node:path';
import type { Features } from '../data/features/features.ts';
import { UserError } from '../errors.ts';
import type { ObjectStore } from '../store/store.ts';
import type { TeacherConfig } from './config.ts';
import { copyFiles } from './local-copy.ts';
import type { Teacher } from './teacher.ts';
import { combinedDigest, hashFiles } from './teacher-digest.ts';
import { teacherFeatures } from './teacher-features.ts';
import { type BroughtKind, type TeacherFiles, teacherFiles } from './teacher-files.ts';
import type { LoadedModel } from './teachers/loaded-model.ts';
import { modelTeacher } from './teachers/model-teacher.ts';
import { openPredictions } from './teachers/predictions.ts';

export interface TeacherOptions {
  /** The dataset, which the paths of the config are in. */
  readonly store: ObjectStore;
  readonly config: TeacherConfig;
  /** What the student is fed. */
  readonly features: Features;
  /** How many classes the task has. */
  readonly classes: number;
  /** The digest that the plan pinned, from `teacherDigest`. */
  readonly digest: string;
  /** A local folder. Models are copied into it once and used again by later calls. */
  readonly scratch: string;
}

/**
 * Opens a teacher that the user brings. Models are programs: what is run are the very bytes that
 * have the digest.
 *
 * @returns the teacher, and what it is fed.
 * @throws UserError when a file is missing or damaged, when the teacher is not the one that was
 *   pinned, or when it does not fit the task: its input, its classes, its outputs.
 */
export async function openTeacher(
  options: TeacherOptions,
): Promise<{ teacher: Teacher; features: Features }> {
  const { store, config, classes, digest, scratch } = options;
  const features = teacherFeatures(config, options.features);
  const found = await teacherFiles(store, config);
  const verify = (hashes: string[]): void => {
    if (combinedDigest(config, features, found, hashes) === digest) return;
    throw new UserError(
      `${found.name} is not what it was when the run was planned`,
      'Start a new run: it is planned with the present files.',
    );
  };
  const { name } = found;
  if (found.kind === 'predictions') {
    const { output, batchSize } = config;
    const teacher = await openPredictions(store, found.files, {
      ...{ name, classes, output, batchSize },
      path: join(scratch, `predictions-${digest}-${classes}`),
      verify: async () => verify(await hashFiles(store, found.files)),
    });
    return { teacher, features };
  }
  const folder = join(scratch, `teacher-${digest}`);
  await copyFiles(store, found.files, folder, verify);
  const model = await loadModel(found, found.kind, folder, config);
  return { teacher: await modelTeacher(model, { ...config, name, classes, features }), features };
}

type ModelKind = Exclude<BroughtKind, 'predictions'>;

/** Imported when needed: TensorFlow and onnxruntime take hundreds of MB. */
const loaders: Record<ModelKind, () => Promise<(path: string) => Promise<LoadedModel>>> = {
  onnx: async () => (await import('./teachers/onnx.ts')).loadOnnx,
  savedModel: async () => (await import('./teachers/saved-model.ts')).loadSavedModel,
  layersModel: async () => (await import('./teachers/layers-model.ts')).loadLayersModel,
  graphModel: async () => (await import('./teachers/graph-model.ts')).loadGraphModel,
};

async function loadModel(
  { name, files }: TeacherFiles,
  kind: ModelKind,
  folder: string,
  config: TeacherConfig,
): Promise<LoadedModel> {
  const load = await loaders[kind]();
  const path = kind === 'savedModel' ? folder : join(folder, basename(config[kind]!));
  try {
    return await load(path);
  } catch (error) {
    if (error instanceof UserError) throw error;
    const beside = files.map(({ object }) => object.key).join(', ');
    throw new UserError(
      `${name} cannot be loaded: ${(error as Error).message}`,
      `Check that the model loads in the tool that made it and that all its files are there; found: ${beside}.`,
    );
  }
}
