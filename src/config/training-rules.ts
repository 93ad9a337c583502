/** Rules for the training of a network that depend on the rest of the config. */
import { refuseAugment, type Task } from '../data/features/index.ts';
import { type MethodName, methodNames, methodOf } from '../debias/methods.ts';
import type { Network } from '../models/networks/index.ts';
import { lossesWithoutMixup } from '../models/teachers/trained-kind.ts';

/** The part of the config that the rules read. */
interface Trainings {
  readonly task: Task;
  readonly teacher: { readonly train?: Network | undefined; readonly loss: string };
  readonly student: Network;
}

/** A field with a value that it cannot have, and the text of the error. */
interface Problem {
  readonly path: string[];
  readonly message: string;
}

/**
 * Lists the problems of the trainings.
 *
 * @param methods the methods of all students.
 */
export function trainingProblems(config: Trainings, methods: readonly MethodName[]): Problem[] {
  const { task, teacher, student } = config;
  const problems = [
    ...augmentProblems(task, ['student'], student),
    ...(teacher.train ? augmentProblems(task, ['teacher', 'train'], teacher.train) : []),
    ...excludedFields(student, methods),
  ];
  if ((teacher.train?.mixup ?? 0) > 0 && lossesWithoutMixup.includes(teacher.loss)) {
    const message = `expected 0: the loss ${teacher.loss} needs one class per example`;
    problems.push({ path: ['teacher', 'train', 'mixup'], message });
  }
  return problems;
}

function augmentProblems(task: Task, path: string[], { augment }: Network): Problem[] {
  const refusal = refuseAugment(task, augment);
  if (!refusal) return [];
  return [{ path: [...path, 'augment', ...refusal.path], message: `expected ${refusal.expected}` }];
}

/** Lists the fields of a student that one of the methods excludes. */
function excludedFields(student: Network, methods: readonly MethodName[]): Problem[] {
  return (['mixup', 'labelSmoothing'] as const).flatMap((field) => {
    const excludes = (name: MethodName) => methodOf(name).excludes?.includes(field) ?? false;
    const method = methods.find(excludes);
    if (method === undefined || (student[field] ?? 0) === 0) return [];
    const others = methodNames.filter((name) => !excludes(name)).join(', ');
    const message = `expected 0: the method ${method} has no meaning with ${field} (${others} have)`;
    return [{ path: ['student', field], message }];
  });
}
