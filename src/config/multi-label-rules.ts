/** Rules for a task in which an example has any number of labels. */
import { z } from 'zod';
import { type MethodName, methodNames, methodOf, multiLabelMethod } from '../debias/methods.ts';
import type { ConfigProblem, Trainings } from './training-rules.ts';

/**
 * Lists the problems of a multi-label task; none of other tasks.
 *
 * @param students the methods of all students, each with its field.
 */
export function multiLabelProblems(
  { task, teacher }: Pick<Trainings, 'task' | 'teacher'>,
  students: readonly { readonly path: (string | number)[]; readonly method: MethodName }[],
): ConfigProblem[] {
  if (task.multiLabel !== true) return [];
  const isUsable = (name: MethodName) => !methodOf(name).needs.includes('oneClass');
  const usable = methodNames.filter(isUsable).join(', ');
  const problems: ConfigProblem[] = students
    .filter(({ method }) => !isUsable(method))
    .map(({ path, method }) => ({
      path,
      message: `expected ${usable}: ${method} has no multi-label form`,
    }));
  if (teacher.loss !== 'crossEntropy') {
    const message = `expected crossEntropy: ${teacher.loss} has no multi-label form`;
    problems.push({ path: ['teacher', 'loss'], message });
  }
  if (Array.isArray(teacher.train)) {
    const message = 'expected one teacher: a mixture has no multi-label form';
    problems.push({ path: ['teacher', 'train'], message });
  }
  return problems;
}

/** A config of a multi-label task that names no method. */
const withoutMethod = z.looseObject({
  task: z.looseObject({ multiLabel: z.literal(true) }),
  method: z.undefined().optional(),
});

/**
 * Adds the default method of multi-label tasks to the content of a `distill.yaml`, because that of
 * other tasks has no multi-label form.
 */
export function withMultiLabelMethod(content: unknown): unknown {
  const { data } = withoutMethod.safeParse(content);
  return data ? { ...data, method: multiLabelMethod } : content;
}
