import { describe, expect, test } from 'vitest';
import { type Config, configSchema } from '../../src/config/schema.ts';
import { nextSteps } from '../../src/evaluate/next-steps.ts';
import type { RunMetrics } from '../../src/evaluate/run-metrics.ts';
import { sampleLabelMetrics, sampleMetrics } from '../support/sample-metrics.ts';

/** A run in which nothing is to do. */
function perfect(changes: Partial<RunMetrics> = {}): RunMetrics {
  const run = sampleMetrics({ quarantined: 0, ...changes });
  const { models, ...metrics } = run.metrics;
  const recall = run.classes.map(() => ({ value: 0.8, low: 0.7, high: 0.9 }));
  const weighted = { ...models.weighted!, recall };
  return { ...run, metrics: { ...metrics, models: { ...models, weighted } } };
}

/** Adds a difference in accuracy. */
function withDifference(a: string, b: string, value: number, half: number): RunMetrics {
  const run = perfect();
  const difference = {
    a,
    b,
    metric: 'accuracy' as const,
    value,
    low: value - half,
    high: value + half,
  };
  const differences = run.metrics.differences.filter((other) => other.b !== b || other.a !== a);
  return { ...run, metrics: { ...run.metrics, differences: [difference, ...differences] } };
}

/** A config of photos or, with columns, of texts. */
function config(task: object, student: object = { architecture: 'convnet' }): Config {
  const classes = ['a', 'b'];
  return configSchema.parse({
    task: { ...task, classes },
    data: { format: 'parquet' },
    teacher: { train: student },
    student,
  });
}
const photos = config({ type: 'image-classification', size: [64, 64] });
const few = { labels: { labeled: 150, validation: 300, test: 1_000, unlabeled: 9_000 } };

describe('what to do next', () => {
  test('is nothing if nothing is found', () => {
    expect(nextSteps(perfect(), photos)).toEqual([]);
  });

  test('is to label the class with the lowest recall, with its figures', () => {
    const run = sampleMetrics({ quarantined: 0 });
    expect(nextSteps(run)).toEqual([
      'Label more examples of the class airplane. The weighted student finds 1,000 of its 1,400 test examples (71.4%; mean of all classes: 80.9%).',
    ]);
    expect(nextSteps(sampleLabelMetrics({ quarantined: 0 }))[0]).toContain('of the label airplane');
  });

  test('is to use another model that is clearly better', () => {
    const [step, ...rest] = nextSteps(withDifference('weighted', 'labels-only', -0.021, 0.01));
    expect(step).toBe(
      'Use labels-only, in runs/cifar-2f7a91c04be3/students/labels-only/: it is 2.1 percentage points more accurate than the weighted student.',
    );
    expect(rest).toEqual([]);
    expect(nextSteps(withDifference('weighted', 'labels-only', -0.021, 0.03))).toEqual([]);
  });

  test('is a larger student if the teacher is clearly better', () => {
    expect(nextSteps(withDifference('teacher', 'weighted', 0.05, 0.01))).toEqual([
      'Train the student for more epochs, or use a larger one: the teacher is 5.0 percentage points more accurate.',
    ]);
  });

  test('is a larger test set if the difference may be chance, with the size that it needs', () => {
    expect(nextSteps(withDifference('weighted', 'uniform', 0.005, 0.01))).toEqual([
      'Put more examples into test/. On 10,000, the difference between weighted and uniform is 0.5 ± 1.0 percentage points. About 40,000 would show a difference of this size.',
    ]);
    expect(nextSteps(withDifference('weighted', 'uniform', 0, 0.01))[0]).toMatch(/ points\.$/);
    // Both students are right on the same examples.
    expect(nextSteps(withDifference('weighted', 'uniform', 0, 0))).toEqual([]);
  });

  test('is never a test set that is not larger, if the interval ends near 0', () => {
    const run = withDifference('weighted', 'uniform', 0.01, 0.01);
    expect(nextSteps(run)[0]).toContain('About 20,000 would show');
    const [difference, ...others] = run.metrics.differences;
    const wide = { ...difference!, low: -0.0001, high: 0.012 };
    const metrics = { ...run.metrics, differences: [wide, ...others] };
    expect(nextSteps({ ...run, metrics })[0]).toContain('About 20,000 would show');
  });

  test('is a test set before anything else', () => {
    expect(nextSteps({ ...perfect(), evaluatedOn: 'labeled' })[0]).toMatch(/^Put labeled examples/);
  });

  test('is to fix quarantined examples', () => {
    expect(nextSteps({ ...perfect(), quarantined: 3 })).toEqual([
      'Fix the 3 quarantined examples (0.01% of all). Most frequent reason: The image cannot be decoded: premature end of JPEG image.',
    ]);
  });

  test.each<[string, Config, boolean]>([
    ['photos', photos, true],
    ['texts', config({ type: 'text-classification' }, { architecture: 'ngrams' }), true],
    ['small images', config({ type: 'image-classification', size: [28, 28] }), false],
    ['grey images', config({ type: 'image-classification', size: [64, 64], channels: 1 }), false],
    ['rows', config({ type: 'tabular-classification' }, { architecture: 'mlp' }), false],
  ])('with few labels, %s may need an encoder', (_, setup, needed) => {
    const steps = nextSteps(perfect(few), setup);
    expect(steps.some((text) => text.startsWith('Try a pretrained encoder'))).toBe(needed);
    expect(steps).toContain(
      "Label the examples of runs/cifar-2f7a91c04be3/label-next.csv. There are 450 labels, and the teacher's accuracy is 79.3%.",
    );
  });

  test('names the metric of a task with several labels', () => {
    const steps = nextSteps(sampleLabelMetrics(few));
    expect(steps.join()).toContain("the teacher's micro F1 is");
  });

  test('is at most five steps', () => {
    const run = sampleMetrics({ ...few, evaluatedOn: 'validation' });
    expect(nextSteps(run, photos)).toHaveLength(5);
  });
});
