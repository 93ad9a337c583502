import { expect, test } from 'vitest';
import { trainingSteps } from '../../src/distill/training-steps.ts';
import { plannedRun } from '../support/planned-run.ts';

/** Numbers of usable examples; 10 batches of 32 with all of them. */
const sets = {
  labeled: { labeled: 30, quarantined: 0 },
  validation: { labeled: 10, quarantined: 0 },
  test: { labeled: 500, quarantined: 0 },
  unlabeled: { labeled: 260, quarantined: 40 },
};

test('Train has the steps of all networks: students, those of the rounds, labels-only', async () => {
  const { job } = await plannedRun({
    student: '{ architecture: mlp, epochs: 7, batchSize: 32 }',
    teacher: '{ train: { architecture: mlp } }',
    folds: '3',
    method: 'relabel',
    compare: '[uniform, weighted]',
    relabel: '{ rounds: 2 }',
  });
  const ofAll = 7 * 10;
  // 40 labels, two batches: 200 epochs, because of the few labels.
  const ofLabels = 200 * 2;
  expect(trainingSteps({ ...job.plan, baselines: [] }, sets)).toBe((7 + 2) * ofAll);
  const baselines = ['logistic', 'labels-only'].map(
    (name) => ({ name, trainer: 'function' }) as const,
  );
  expect(trainingSteps({ ...job.plan, baselines }, sets)).toBe((7 + 2) * ofAll + ofLabels);
});
