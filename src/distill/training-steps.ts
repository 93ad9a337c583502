/** Number of steps of the stage Train, so that its progress has a total before it starts. */
import { sum } from '../arrays.ts';
import { trainingsOf } from '../cost/plan-estimate.ts';
import type { Plan } from '../run/plan-file.ts';
import type { Reconciliation } from '../run/reconcile-file.ts';
import { epochSteps } from '../train/order.ts';
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
  const { unlabeled } = sets;
  const trainings = variants.map(({ method }) => trainingsOf(method, config, unlabeled.labeled));
  const alone = allBaselines
    .filter((baseline) => baselines.some(({ name }) => name === baseline.name))
    .map(({ steps }) => steps?.(config.student, labelsIn(sets)) ?? 0);
  return sum(trainings) * stepsPerTraining({ config }, sets) + sum(alone);
}

/** Returns the steps of a training on the unlabeled set and all labels. */
export function stepsPerTraining({ config }: Pick<Plan, 'config'>, sets: Sets): number {
  return epochSteps(config.student, labelsIn(sets) + sets.unlabeled.labeled);
}

function labelsIn({ labeled, validation }: Sets): number {
  return labeled.labeled + validation.labeled;
}
