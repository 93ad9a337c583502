import { readBytes } from '../store/once.ts';
import type { ObjectStore } from '../store/store.ts';
import type { TeacherFile } from './teachers/teacher-kind.ts';

/** Upper bounds on the files, and on the bytes of each, in which the layer is looked for. */
const maxFiles = 8;
const maxBytes = 2 ** 22;

/**
 * Returns whether the graph of a model names a layer Rescaling, as Keras and its exporters do. Such
 * a model reads pixels from 0 to 255.
 */
export async function hasRescalingLayer(
  store: ObjectStore,
  files: readonly TeacherFile[],
): Promise<boolean> {
  for (const { object } of files.slice(0, maxFiles)) {
    const { key, version, bytes } = object;
    if (bytes === 0) continue;
    const range = { start: 0, end: Math.min(bytes, maxBytes) };
    const start = Buffer.from(await readBytes(store, key, { version, range }));
    if (/rescaling/i.test(start.toString('latin1'))) return true;
  }
  return false;
}
