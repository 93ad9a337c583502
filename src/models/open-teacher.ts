import type { Features } from '../data/features/index.ts';
import { UserError } from '../errors.ts';
import type { ObjectStore } from '../store/store.ts';
import type { TeacherConfig } from './config.ts';
import { scratchFolder } from './scratch-folder.ts';
import type { Teacher } from './teacher.ts';
import { combinedDigest } from './teacher-digest.ts';
import { teacherFeatures } from './teacher-features.ts';
import { teacherFiles } from './teacher-files.ts';

export interface TeacherOptions {
  /** The dataset. The config's paths are relative to it. */
  readonly store: ObjectStore;
  readonly config: TeacherConfig;
  /** The student's features. */
  readonly features: Features;
  /** Names of the classes of the task. */
  readonly classes: readonly string[];
  /** The field of the task. */
  readonly multiLabel?: boolean | undefined;
  /** The digest that the plan pinned, from `teacherDigest`. */
  readonly digest: string;
  /**
   * A local folder. Models are copied into it once and reused by later calls. Default: a scratch
   * folder of this user.
   */
  readonly scratch?: string;
}

/**
 * Opens a user-supplied teacher. Models are code, so only bytes matching the pinned digest are
 * loaded.
 *
 * @returns the teacher, and its input features.
 * @throws UserError if a file is missing or damaged, if the teacher has another digest, or if its
 *   input, classes or outputs do not fit the task.
 */
export async function openTeacher(
  options: TeacherOptions,
): Promise<{ teacher: Teacher; features: Features }> {
  const { store, config, classes, multiLabel, digest } = options;
  const { scratch = scratchFolder('teachers') } = options;
  const features = teacherFeatures(config, options.features);
  const { kind, ...found } = await teacherFiles(store, config);
  const verify = (hashes: readonly string[]): void => {
    const task = { features, classes, multiLabel };
    if (combinedDigest(config, task, { kind, ...found }, hashes) === digest) return;
    throw new UserError(
      `${found.name} has changed since the run was planned`,
      'Start a new run: it is planned with the current files.',
    );
  };
  const source = {
    ...found,
    store,
    config,
    features,
    classes,
    multiLabel,
    digest,
    scratch,
    verify,
  };
  return { teacher: await kind.open(source), features };
}
