import { type Features, hasTexts, type Task } from '../data/features/index.ts';
import { row } from '../data/features/row.ts';
import { digestJson, sortFields } from '../digest.ts';
import type { ObjectStore } from '../store/store.ts';
import type { TeacherConfig } from './config.ts';
import { hashFiles } from './file-hashes.ts';
import { teacherFeatures } from './teacher-features.ts';
import { teacherFiles } from './teacher-files.ts';
import type { SuppliedKind, TeacherFiles } from './teachers/teacher-kind.ts';

/**
 * Computes the SHA-256 of everything that determines the answers of a user-supplied teacher: its
 * files, its input features, and the config fields that change its answers. It is the key of the
 * label cache. It also pins the teacher: models are code, so a changed model is refused.
 *
 * @param student The student's features, from which the teacher's are derived.
 * @param classes Names of the classes of the task.
 * @throws UserError if a file is missing.
 */
export async function teacherDigest(
  store: ObjectStore,
  config: TeacherConfig,
  student: Features,
  classes: readonly string[],
  { multiLabel }: Pick<Task, 'multiLabel'> = {},
): Promise<string> {
  const found = await teacherFiles(store, config);
  const hashes = await hashFiles(store, found.files);
  const reads = { features: teacherFeatures(config, student), classes, multiLabel };
  return combinedDigest(config, reads, found, hashes);
}

/** The parts of a task on which a teacher's answers may depend. */
interface TeacherTask extends Pick<Task, 'multiLabel'> {
  /** The teacher's input features. */
  readonly features: Features;
  readonly classes: readonly string[];
}

/** Combines the SHA-256, in hex, of each file into the teacher's digest. */
export function combinedDigest(
  config: TeacherConfig,
  { features, classes, multiLabel }: TeacherTask,
  { kind, files }: TeacherFiles & { readonly kind: SuppliedKind },
  hashes: readonly string[],
): string {
  const decisive = {
    kind: kind.name,
    files: files.map(({ path }, index) => [path, hashes[index]]),
    features: kind.isModel ? decisiveFeatures(config, features) : null,
    layout: config.layout,
    columns: config.columns,
    output: config.output,
    outputName: config.outputName,
    embeddingName: config.embeddingName,
    // The names in its config.json put the answers in the order of the classes.
    ...(kind.isModel && hasTexts(features) && { classes }),
    ...(multiLabel === true && { multiLabel }),
  };
  return digestJson(sortFields(decisive));
}

/** A teacher that reads columns as they are written does not depend on the fitted features. */
function decisiveFeatures(config: TeacherConfig, features: Features): unknown {
  const isRaw = Array.isArray(config.columns) && features.kind === row.name;
  return isRaw ? { missing: features.missing } : features;
}
