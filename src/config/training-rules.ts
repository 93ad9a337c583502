/** Rules for the training of a network that depend on the rest of the config. */
import { image } from '../data/features/image.ts';
import { canBeMixed, kindOfTask, refuseAugment, type Task } from '../data/features/index.ts';
import { textKind } from '../data/features/text.ts';
import { type MethodName, methodNames, methodOf } from '../debias/methods.ts';
import { encoderOf, isLinearHead, type NetworkConfig } from '../models/networks/index.ts';
import { lossesWithoutMixup, memberFields } from '../models/teachers/trained-kind.ts';

/** The part of the config that the rules read. */
export interface Trainings {
  readonly task: Task;
  readonly teacher: {
    readonly train?: NetworkConfig | readonly NetworkConfig[] | undefined;
    readonly loss: string;
  };
  readonly student: NetworkConfig;
}

/** A field with a value that it cannot have, and the text of the error. */
export interface ConfigProblem {
  readonly path: (string | number)[];
  readonly message: string;
}

/**
 * Lists the problems of the trainings.
 *
 * @param methods the methods of all students.
 */
export function trainingProblems(
  config: Trainings,
  methods: readonly MethodName[],
): ConfigProblem[] {
  const { task, teacher, student } = config;
  const members = memberFields(teacher);
  const problems = [
    ...inputProblems(task, ['student'], student),
    ...members.flatMap(({ path, network }) => inputProblems(task, path, network)),
    ...excludedFields(student, methods),
  ];
  for (const { path, network } of members) {
    if (teacher.loss === 'crossEntropy' && isLinearHead(network)) {
      problems.push(...unusedFields(path, network));
    }
    if ((network.mixup ?? 0) === 0 || !lossesWithoutMixup.includes(teacher.loss)) continue;
    const message = `expected 0: the loss ${teacher.loss} needs one class per example`;
    problems.push({ path: [...path, 'mixup'], message });
  }
  return problems;
}

/** Lists the fields that change nothing, because logistic regression trains the head. */
function unusedFields(path: readonly (string | number)[], network: NetworkConfig): ConfigProblem[] {
  return (['mixup', 'labelSmoothing', 'weightDecay'] as const).flatMap((field) => {
    if ((network[field] ?? 0) === 0) return [];
    const message =
      'expected 0: a linear head of a teacher is trained until it converges, with a penalty by cross-validation (head: mlp has this field)';
    return [{ path: [...path, field], message }];
  });
}

/** Fields of an encoder that only one kind of content has. */
const encoderInputFields = [
  { field: 'maxLength', reads: textKind.name },
  { field: 'size', reads: image.name },
  { field: 'preprocess', reads: image.name },
] as const;

/** Lists the settings of a network's input that have no meaning for the task. */
function inputProblems(
  task: Task,
  path: (string | number)[],
  network: NetworkConfig,
): ConfigProblem[] {
  const { augment, mixup = 0 } = network;
  const problems: ConfigProblem[] = [];
  const refusal = refuseAugment(task, augment);
  if (refusal) {
    const field = [...path, 'augment', ...refusal.path];
    problems.push({ path: field, message: `expected ${refusal.expected}` });
  }
  const encoder = encoderOf(network);
  if (mixup > 0 && encoder === undefined && !canBeMixed(task)) {
    problems.push({ path: [...path, 'mixup'], message: 'expected 0: texts cannot be mixed' });
  }
  const { name: content } = kindOfTask(task);
  for (const { field, reads } of encoderInputFields) {
    if (encoder?.[field] === undefined || reads === content) continue;
    const message = `expected no ${field}: it is for an encoder of ${reads}s, and the task has ${content}s`;
    problems.push({ path: [...path, 'encoder', field], message });
  }
  return problems;
}

/** Lists the fields of a student that one of the methods excludes. */
function excludedFields(student: NetworkConfig, methods: readonly MethodName[]): ConfigProblem[] {
  return (['mixup', 'labelSmoothing'] as const).flatMap((field) => {
    const excludes = (name: MethodName) => methodOf(name).excludes?.includes(field) ?? false;
    const method = methods.find(excludes);
    if (method === undefined || (student[field] ?? 0) === 0) return [];
    const others = methodNames.filter((name) => !excludes(name)).join(', ');
    const message = `expected 0: the method ${method} has no meaning with ${field} (${others} have)`;
    return [{ path: ['student', field], message }];
  });
}
