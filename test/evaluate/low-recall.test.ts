import { expect, test } from 'vitest';
import { lowRecallWarnings } from '../../src/evaluate/low-recall.ts';
import { sampleLabelMetrics, sampleMetrics } from '../support/sample-metrics.ts';

/** Metrics with these recalls of the weighted student, on 50 examples per class. */
function withRecalls(recalls: readonly (number | null)[]) {
  const classes = recalls.map((_, index) => `c${index}`);
  const sample = sampleMetrics({ classes });
  const known = recalls.filter((recall) => recall !== null);
  const mean = known.reduce((sum, recall) => sum + recall, 0) / known.length;
  const weighted = {
    ...sample.metrics.models.weighted!,
    macroRecall: { value: mean, low: mean, high: mean },
    recall: recalls.map((value) => (value === null ? null : { value, low: 0, high: 1 })),
  };
  const metrics = {
    ...sample.metrics,
    support: recalls.map((recall) => (recall === null ? 0 : 50)),
    models: { weighted },
  };
  return lowRecallWarnings({ ...sample, metrics }, 'weighted');
}

test('warns about each class whose recall is below half of the mean', () => {
  expect(withRecalls([0.9, 0.22, null, 0.96])).toEqual([
    'The weighted student finds 11 of the 50 test examples of class c1: a recall of 22.0%, less ' +
      'than half of the mean over the classes, 69.3%. Label more examples of c1.',
  ]);
});

test('does not warn if all classes are found about as often', () => {
  expect(withRecalls([0.5, 0.4, 0.3])).toEqual([]);
  expect(withRecalls([0, 0])).toEqual([]);
});

test('lists the classes after the fifth together', () => {
  const warnings = withRecalls([...Array(8).fill(0), ...Array(20).fill(0.9)]);
  expect(warnings).toHaveLength(6);
  expect(warnings.at(-1)).toBe(
    'The recall of 3 more classes is less than half of the mean: c5, c6, c7.',
  );
});

test('names labels in a multi-label task', () => {
  const { metrics, ...run } = sampleLabelMetrics({ classes: ['cat', 'dog'] });
  const recall = [0.9, 0.1].map((value) => ({ value, low: 0, high: 1 }));
  const weighted = { ...metrics.models.weighted!, recall };
  const [warning] = lowRecallWarnings(
    { ...run, metrics: { ...metrics, models: { weighted } } },
    'weighted',
  );
  expect(warning).toContain('test examples of label dog: a recall of 10.0%');
  expect(warning).toContain('less than half of the mean over the labels');
});
