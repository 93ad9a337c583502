import type { ConfigInput } from '../config/schema.ts';
import { suppliedKinds } from '../models/teachers/index.ts';
import type { ObjectStore } from '../store/store.ts';
import { someObjects } from './some-objects.ts';

/** The model in teacher/, where there is one of a kind that can be told by its files. */
export async function findTeacher(
  store: ObjectStore,
  notes: string[],
): Promise<ConfigInput['teacher'] | undefined> {
  for await (const { key } of someObjects(store, 'teacher/')) {
    const found = await teacherOf(store, key);
    if (found === undefined) continue;
    notes.push(`The teacher is ${key}.`);
    return found;
  }
  notes.push('There is no teacher/, so a teacher is trained on the labeled set.');
  return undefined;
}

async function teacherOf(
  store: ObjectStore,
  key: string,
): Promise<ConfigInput['teacher'] | undefined> {
  for (const kind of suppliedKinds) {
    const path = await kind.recognize(store, key);
    if (path !== undefined) return { [kind.name]: path };
  }
  return undefined;
}

/** A student that trains in minutes without a GPU, and a teacher of about four times its size. */
export function suggestNetworks(task: ConfigInput['task']): {
  student: ConfigInput['student'];
  teacher: ConfigInput['student'];
} {
  return task.type === 'image-classification'
    ? {
        student: { architecture: 'convnet', width: 32, depth: 2, epochs: 30 },
        teacher: { architecture: 'convnet', width: 64, depth: 3, epochs: 30 },
      }
    : {
        student: { architecture: 'mlp', width: 64, depth: 2, epochs: 30 },
        teacher: { architecture: 'mlp', width: 256, depth: 2, epochs: 30 },
      };
}
