/** Number of steps of the stage Train, so that its progress has a total before it starts. */
import { sum } from '../arrays.ts';
import { trainingsOf } from '../cost/plan-estimate.ts';
import type { MethodName } from '../debias/methods.ts';
import type { Plan } from '../run/plan-file.ts';
import type { Reconciliation } from '../run/reconcile-file.ts';
import { epochSteps } from '../train/order.ts';
import type { Baseline } from './baselines/baseline.ts';
import { allBaselines } from './baselines/index.ts';

type Sets = Reconciliation['sets'];

/**
 * Returns the most steps that the students and the models of the labels alone can take. A student
 * may take fewer: `relabel` stops at the first round that it refuses, and reports what it left out.
 */
export function trainingSteps(
  { config, variants, baselines }: Pick<Plan, 'config' | 'variants' | 'baselines'>,
  sets: Sets,
): number {
  const students = variants.map(({ method }) => studentSteps({ config }, method, sets));
  const alone = allBaselines
    .filter((baseline) => baselines.some(({ name }) => name === baseline.name))
    .map((baseline) => baselineSteps({ config }, baseline, sets));
  return sum(students) + sum(alone);
}

/** Returns the most steps that a student can take, with the networks that its method trains. */
export function studentSteps(
  { config }: Pick<Plan, 'config'>,
  method: MethodName,
  sets: Sets,
): number {
  const trainings = trainingsOf(method, config, sets.unlabeled.labeled);
  return trainings * stepsPerTraining({ config }, sets);
}

/** Returns the steps of a model of the labels alone; 0 if it does not take steps. */
export function baselineSteps(
  { config }: Pick<Plan, 'config'>,
  { steps }: Pick<Baseline, 'steps'>,
  sets: Sets,
): number {
  return steps?.(config.student, labelsIn(sets)) ?? 0;
}

/** Returns the steps of a training on the unlabeled set and all labels. */
export function stepsPerTraining({ config }: Pick<Plan, 'config'>, sets: Sets): number {
  return epochSteps(config.student, labelsIn(sets) + sets.unlabeled.labeled);
}

function labelsIn({ labeled, validation }: Sets): number {
  return labeled.labeled + validation.labeled;
}
