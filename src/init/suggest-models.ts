import type { ConfigInput } from '../config/schema.ts';
import { convnet } from '../models/networks/convnet.ts';
import { architecturesFor } from '../models/networks/index.ts';
import { mlp } from '../models/networks/mlp.ts';
import { suppliedKinds } from '../models/teachers/index.ts';
import type { ObjectStore } from '../store/store.ts';
import { someObjects } from './some-objects.ts';

/** Finds the model in teacher/, if its kind can be recognized from its files. */
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

/** Students that train in minutes without a GPU, and teachers of about four times their size. */
const suggestions: readonly {
  readonly student: ConfigInput['student'];
  readonly teacher: ConfigInput['student'];
}[] = [
  {
    student: { architecture: convnet.name, width: 32, depth: 2, epochs: 30 },
    teacher: { architecture: convnet.name, width: 64, depth: 3, epochs: 30 },
  },
  {
    student: { architecture: mlp.name, width: 64, depth: 2, epochs: 30 },
    teacher: { architecture: mlp.name, width: 256, depth: 2, epochs: 30 },
  },
];

/** Suggests a student and a teacher: the first whose architecture supports the task. */
export function suggestNetworks({ type }: ConfigInput['task']) {
  const supported = architecturesFor(type);
  // The last suggestion supports every task.
  return suggestions.find(({ student }) => supported.includes(student.architecture))!;
}
