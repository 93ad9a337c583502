import type { ConfigInput } from '../config/schema.ts';
import type { UserError } from '../errors.ts';
import { convnet } from '../models/networks/convnet.ts';
import { architecturesFor } from '../models/networks/index.ts';
import { mlp } from '../models/networks/mlp.ts';
import { ngrams } from '../models/networks/ngrams.ts';
import { foreignFile } from '../models/teachers/foreign-files.ts';
import { suppliedKinds } from '../models/teachers/supplied.ts';
import type { ModelPorts } from '../models/teachers/teacher-kind.ts';
import type { ObjectStore } from '../store/store.ts';
import { someObjects } from './some-objects.ts';

/**
 * Finds the model in teacher/, if its kind can be recognized from its files.
 *
 * @param features Columns of a table that may be features; undefined for other examples.
 * @throws UserError if the only model is in a format that counterweight cannot read.
 */
export async function findTeacher(
  store: ObjectStore,
  features: readonly string[] | undefined,
  notes: string[],
): Promise<ConfigInput['teacher'] | undefined> {
  let foreign: UserError | undefined;
  let other: string | undefined;
  let teacher: { readonly key: string; readonly config: ConfigInput['teacher'] } | undefined;
  const more: string[] = [];
  for await (const { key } of someObjects(store, 'teacher/')) {
    if (teacher !== undefined) {
      if (await isModel(store, key)) more.push(key);
      continue;
    }
    const config = await teacherOf(store, key, features);
    if (config !== undefined) teacher = { key, config };
    foreign ??= foreignFile(key, key);
    other ??= key;
  }
  if (teacher !== undefined) {
    notes.push(
      more.length === 0
        ? `The teacher is ${teacher.key}.`
        : `The teacher is ${teacher.key}. Correct the section teacher if it is another model: ${more.join(', ')}.`,
    );
    if (teacher.config.columns !== undefined) notes.push(columnsNote);
    return teacher.config;
  }
  if (foreign) throw foreign;
  notes.push(
    other === undefined
      ? 'There is no teacher/, so a teacher is trained on the labeled set.'
      : `teacher/ has no model, only files such as ${other}, so a teacher is trained on the labeled set. Stored predictions are read from Parquet, with the columns id and probabilities.`,
  );
  return undefined;
}

const columnsNote =
  'The teacher gets the columns of teacher.columns as they are written: check that it was trained on these, in this order.';

async function isModel(store: ObjectStore, key: string): Promise<boolean> {
  const models = suppliedKinds.filter((kind) => kind.isModel);
  const paths = await Promise.all(models.map((kind) => kind.recognize(store, key)));
  return paths.some((path) => path !== undefined);
}

async function teacherOf(
  store: ObjectStore,
  key: string,
  features: readonly string[] | undefined,
): Promise<ConfigInput['teacher'] | undefined> {
  for (const kind of suppliedKinds) {
    const path = await kind.recognize(store, key);
    if (path === undefined) continue;
    const ports = kind.isModel ? await kind.ports?.(store, key) : undefined;
    const columns = kind.isModel && features ? columnsOf(features, ports) : undefined;
    const isLogits = ports?.outputs.length === 1 && ports.outputs[0]?.name === 'logits';
    return {
      [kind.name]: path,
      ...(columns && { columns: [...columns] }),
      ...(isLogits && { output: 'logits' }),
    };
  }
  return undefined;
}

/**
 * Suggests the columns that a model of a table reads: those with the names of its inputs, or all
 * columns that may be features.
 */
function columnsOf(features: readonly string[], ports: ModelPorts | undefined): readonly string[] {
  const names = ports?.inputs.map(({ name }) => name) ?? [];
  return names.length > 0 && names.every((name) => features.includes(name)) ? names : features;
}

/** Students that train in minutes without a GPU, and teachers of about four times their size. */
const suggestions: readonly {
  readonly student: ConfigInput['student'];
  readonly teacher: ConfigInput['student'];
}[] = [
  {
    student: { architecture: convnet.name, width: 32, depth: 2, epochs: 30 },
    teacher: { architecture: convnet.name, width: 64, depth: 3 },
  },
  {
    student: { architecture: mlp.name, width: 64, depth: 2, epochs: 30 },
    teacher: { architecture: mlp.name, width: 256, depth: 2 },
  },
  {
    student: { architecture: ngrams.name, epochs: 30 },
    teacher: { architecture: ngrams.name },
  },
];

/** Suggests a student and a teacher: the first whose architecture supports the task. */
export function suggestNetworks({ type }: ConfigInput['task']) {
  const supported = architecturesFor(type);
  // Every task has a suggestion.
  return suggestions.find(({ student }) => supported.includes(student.architecture!))!;
}
