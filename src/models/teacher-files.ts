import type { ObjectStore } from '../store/store.ts';
import type { TeacherConfig } from './config.ts';
import { suppliedKinds } from './teachers/supplied.ts';
import type { SuppliedKind, TeacherFiles } from './teachers/teacher-kind.ts';

/**
 * Finds and pins all files of the user-supplied teacher that the config names.
 * @throws UserError with the key and the expected file, if a file is missing.
 */
export async function teacherFiles(
  store: ObjectStore,
  config: TeacherConfig,
): Promise<TeacherFiles & { readonly kind: SuppliedKind }> {
  for (const kind of suppliedKinds) {
    const key = keyOf(config, kind);
    if (key === undefined) continue;
    const files = await kind.find(store, key);
    files.sort((a, b) => (a.path < b.path ? -1 : 1));
    return { kind, key, name: `${kind.noun} ${key}`, files };
  }
  throw new Error('a teacher that is trained here has no files in the dataset');
}

/** Returns the key of the teacher's model; undefined without a user-supplied model. */
export function modelKeyOf(config: TeacherConfig): string | undefined {
  const models = suppliedKinds.filter(({ isModel }) => isModel);
  return models.map((kind) => keyOf(config, kind)).find((key) => key !== undefined);
}

function keyOf(config: TeacherConfig, { name }: SuppliedKind): string | undefined {
  // The table has more fields than this type shows: each kind has a path under its own name.
  const paths: Readonly<Record<string, unknown>> = config;
  const path = paths[name];
  return typeof path === 'string' ? path.replace(/\/+$/, '') : undefined;
}
