import { type Features, featureShape } from '../../data/features.ts';
import { readBytes } from '../../store/once.ts';
import type { ObjectStore } from '../../store/store.ts';
import { batchSizeFor } from '../batch-size.ts';
import { loadModel } from '../student.ts';
import type { Teacher } from '../teacher.ts';

/**
 * Opens a teacher that counterweight trained: a model as `saveModel` writes it.
 *
 * @param folder the key of its folder, with the last `/`.
 * @returns the teacher, and what it is fed.
 */
export async function openTrainedTeacher(
  store: ObjectStore,
  folder: string,
): Promise<{ teacher: Teacher; features: Features }> {
  const files = new Map<string, Uint8Array>();
  for (const name of ['model.json', 'weights.bin', 'student.json']) {
    files.set(name, await readBytes(store, `${folder}${name}`));
  }
  const model = await loadModel(files);
  const teacher: Teacher = {
    embeddingSize: undefined,
    batchSize: batchSizeFor(featureShape(model.description.features)),
    async predict({ ids, values }) {
      return { probabilities: model.predict(values, ids.length) };
    },
    dispose: () => model.dispose(),
  };
  return { teacher, features: model.description.features };
}
