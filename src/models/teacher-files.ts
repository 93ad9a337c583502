import type { ObjectStore } from '../store/store.ts';
import type { TeacherConfig } from './config.ts';
import { suppliedKinds } from './teachers/index.ts';
import type { SuppliedKind, TeacherFiles } from './teachers/teacher-kind.ts';

/**
 * Finds and pins all files of the user-supplied teacher that the config names.
 * @throws UserError with the key and the expected file, if a file is missing.
 */
export async function teacherFiles(
  store: ObjectStore,
  config: TeacherConfig,
): Promise<TeacherFiles & { readonly kind: SuppliedKind }> {
  // The type of the config does not show these fields: each kind has a path under its own name.
  const paths: Readonly<Record<string, unknown>> = config;
  for (const kind of suppliedKinds) {
    const path = paths[kind.name];
    if (typeof path !== 'string') continue;
    const key = path.replace(/\/+$/, '');
    const files = await kind.find(store, key);
    files.sort((a, b) => (a.path < b.path ? -1 : 1));
    return { kind, key, name: `${kind.noun} ${key}`, files };
  }
  throw new Error('a teacher that is trained here has no files in the dataset');
}
