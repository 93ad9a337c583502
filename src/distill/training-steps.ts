/** Number of steps of the stage Train, so that its progress has a total before it starts. */
import { sum } from '../arrays.ts';
import { trainingsOf } from '../cost/plan-estimate.ts';
import type { Plan } from '../run/plan-file.ts';
import type { Reconciliation } from '../run/reconcile-file.ts';
import { epochSteps } from '../train/order.ts';
import { allBaselines } from './baselines/index.ts';

/**
 * Returns the most steps that the students and the models of the labels alone can take. A student
 * may take fewer: `relabel` stops at the first round that it refuses.
 */
export function trainingSteps(
  { config, variants, baselines }: Pick<Plan, 'config' | 'variants' | 'baselines'>,
  { labeled, validation, unlabeled }: Reconciliation['sets'],
): number {
  const labels = labeled.labeled + validation.labeled;
  const perTraining = epochSteps(config.student, labels + unlabeled.labeled);
  const trainings = variants.map(({ method }) => trainingsOf(method, config, unlabeled.labeled));
  const alone = allBaselines
    .filter((baseline) => baselines.some(({ name }) => name === baseline.name))
    .map(({ steps }) => steps?.(config.student, labels) ?? 0);
  return sum(trainings) * perTraining + sum(alone);
}
