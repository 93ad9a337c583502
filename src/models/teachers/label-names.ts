import { z } from 'zod';
import { labelLook } from '../../data/labels.ts';
import { UserError } from '../../errors.ts';
import type { ClassScores } from './ports.ts';

/** A name of a class: from labels that were numbers or truth values, JSON has them as such. */
const labelSchema = z.union([z.string(), z.number(), z.boolean()]).transform(String);
/** `config.json` of transformers: the name of each column of the output. */
const labelsSchema = z.looseObject({ id2label: z.record(z.string(), labelSchema) });

/** Names that transformers writes if the model has none. */
const unnamed = /^LABEL_\d+$/;

/**
 * Returns the column of the model per class of the task, by the names in `id2label`. Without names,
 * the order is the same.
 *
 * @param config The parsed `config.json`, if there is one.
 * @throws UserError if the names are not those of the classes.
 * @example columnOrder({ id2label: { 0: 'no', 1: 'yes' } }, ['yes', 'no'], 'a model') // [1, 0]
 */
export function columnOrder(
  config: unknown,
  classes: readonly string[],
  name: string,
): readonly number[] {
  const labels = labelNames(config);
  const columns = labels && columnsOf(labels, classes);
  if (columns !== undefined) return columns;
  if (labels === undefined || labels.every((label) => unnamed.test(label))) {
    return classes.map((_, index) => index);
  }
  throw new UserError(
    `${name} has the classes ${labels.join(', ')} (id2label in its config.json), and the task has ${classes.join(', ')}`,
    'Write the same names in task.classes, in any order, or rename them in the copy of config.json beside the model.',
  );
}

/**
 * Returns the names in `id2label`, in the order of the model's columns; undefined without them.
 *
 * @param config The parsed `config.json`, if there is one.
 */
export function labelNames(config: unknown): readonly string[] | undefined {
  const { id2label } = labelsSchema.safeParse(config).data ?? {};
  if (id2label === undefined) return undefined;
  return Object.entries(id2label)
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, label]) => label);
}

/**
 * Returns the column of the model per class of the task, by the names of both. Case does not count,
 * unless it distinguishes two names.
 *
 * @param labels Names in the order of the model's columns.
 * @returns undefined if they are not the names of the classes.
 */
export function columnsOf(
  labels: readonly string[],
  classes: readonly string[],
): readonly number[] | undefined {
  for (const form of [(text: string) => text, labelLook]) {
    const formed = labels.map(form);
    const columns = classes.map((one) => formed.indexOf(form(one)));
    if (new Set(columns).size === labels.length && !columns.includes(-1)) return columns;
  }
  return undefined;
}

/** `config.json` of transformers: how the model was trained. */
const problemSchema = z.looseObject({ problem_type: z.string() });

/**
 * Checks that a model was trained for one class per example or for several, as the task needs.
 *
 * @param config The parsed `config.json`, if there is one; often it does not say.
 * @throws UserError if the model's numbers would be read as another kind of answer.
 */
export function checkProblemType(
  config: unknown,
  { output, multiLabel }: ClassScores,
  name: string,
): void {
  const { problem_type: type } = problemSchema.safeParse(config).data ?? {};
  if (multiLabel === true && type === 'single_label_classification') {
    throw new UserError(
      `${name} was trained for one class per example (problem_type in its config.json), and task.multiLabel is true`,
      'Use a classifier that was trained for several labels, or leave out task.multiLabel.',
    );
  }
  if (multiLabel !== true && type === 'multi_label_classification' && output !== 'sigmoid') {
    throw new UserError(
      `${name} was trained for several labels per example (problem_type in its config.json), and the task has one`,
      'Set task.multiLabel: true. Or, if its outputs are one sigmoid per class, set teacher.output: sigmoid.',
    );
  }
}
