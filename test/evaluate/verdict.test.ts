import { describe, expect, test } from 'vitest';
import {
  distillationVerdict,
  teacherVerdict,
  type Verdict,
  verdict,
} from '../../src/evaluate/verdict.ts';
import { sampleLabelMetrics, sampleMetrics } from '../support/sample-metrics.ts';

/** The verdict where weighted − uniform is `value`, from `low` to `high`. */
function of(value: number, low: number, high: number, order: 'a-b' | 'b-a' = 'a-b') {
  const { metrics } = sampleMetrics();
  const [a, b] = order === 'a-b' ? ['weighted', 'uniform'] : ['uniform', 'weighted'];
  const difference = { a: a!, b: b!, metric: 'accuracy' as const, value, low, high };
  return verdict(sampleMetrics({ metrics: { ...metrics, differences: [difference] } }));
}

/** An interval of a difference, with the verdict. */
type Case = readonly [[number, number, number], Verdict];

test.each<Case>([
  [
    [0.0133, 0.0061, 0.0205],
    {
      outcome: 'better',
      headline: 'The weighted student is 1.3 percentage points more accurate than the uniform one.',
      detail:
        'Paired on the same 10,000 test examples: 95% interval +0.6 to +2.1, which excludes 0.',
    },
  ],
  [
    [-0.02, -0.03, -0.01],
    {
      outcome: 'worse',
      headline: 'The weighted student is 2.0 percentage points less accurate than the uniform one.',
      detail:
        'Paired on the same 10,000 test examples: 95% interval −3.0 to −1.0. On this data, prefer uniform.',
    },
  ],
  [
    [0.004, -0.003, 0.011],
    {
      outcome: 'unclear',
      headline: 'No clear difference between the weighted student and the uniform one.',
      detail:
        'The weighted student is 0.4 percentage points more accurate on the same 10,000 test examples, but that may be chance: the 95% interval −0.3 to +1.1 includes 0.',
    },
  ],
])('of the difference %j', (difference, expected) => {
  expect(of(...difference)).toEqual(expected);
});

test('unclear if the interval includes 0, whatever the sign', () => {
  expect(of(-0.0004, -0.003, 0.002).detail).toContain('0.04 percentage points less accurate');
  expect(of(0.01, 0, 0.02).outcome).toBe('unclear');
});

test('states that both are equal rather than that one is 0.00 points better', () => {
  expect(of(0, -0.007, 0.008)).toEqual({
    outcome: 'unclear',
    headline: 'The weighted student is as accurate as the uniform one.',
    detail: 'Paired on the same 10,000 test examples: 95% interval −0.7 to +0.8.',
  });
});

test('reads the difference either way round', () => {
  expect(of(0.02, 0.01, 0.03, 'b-a')).toEqual(of(-0.02, -0.03, -0.01));
});

test('without a second student there is nothing to compare', () => {
  const { students } = sampleMetrics();
  expect(verdict(sampleMetrics({ students: students.slice(0, 1) }))).toMatchInlineSnapshot(`
    {
      "detail": "No other student was trained. compare: [uniform] trains the student of plain distillation.",
      "headline": "The weighted student is right on 81.4% of the test set.",
      "outcome": "alone",
    }
  `);
});

describe('the verdict on distillation', () => {
  /** The verdict where weighted − labels-only, the better baseline, is `value`. */
  function over(value: number, low: number, high: number) {
    const { metrics } = sampleMetrics();
    const models = { ...metrics.models };
    const accuracy = metrics.models.weighted!.accuracy.value - value;
    models['labels-only'] = {
      ...models['labels-only']!,
      accuracy: { value: accuracy, low: accuracy - 0.01, high: accuracy + 0.01 },
    };
    const pair = { a: 'weighted', b: 'labels-only', metric: 'accuracy' as const };
    const differences = [{ ...pair, value, low, high }];
    return distillationVerdict(sampleMetrics({ metrics: { ...metrics, models, differences } }));
  }

  test.each<Case>([
    [
      [0.0733, 0.06, 0.08],
      {
        outcome: 'better',
        headline:
          'Best: weighted, right on 81.4% of the test set. Distillation helped: the weighted student is 7.3 percentage points more accurate than labels-only, the better model of the labels alone.',
        detail: 'Paired on the same 10,000 examples: 95% interval +6.0 to +8.0, which excludes 0.',
      },
    ],
    [
      [-0.033, -0.06, -0.01],
      {
        outcome: 'worse',
        headline:
          'Best: labels-only, right on 84.7% of the test set. Distillation did not help: labels-only, a model of the labels alone, is 3.3 percentage points more accurate than the weighted student.',
        detail:
          'Paired on the same 10,000 examples: 95% interval −6.0 to −1.0. The files of labels-only are in runs/cifar-2f7a91c04be3/students/labels-only/.',
      },
    ],
    [
      [0.01, -0.01, 0.03],
      {
        outcome: 'unclear',
        headline:
          'Best: weighted, right on 81.4% of the test set. Distillation did not clearly help: the weighted student is 1.0 percentage points more accurate than labels-only, a model of the labels alone.',
        detail:
          'Paired on the same 10,000 examples: 95% interval −1.0 to +3.0, which includes 0: the difference may be chance.',
      },
    ],
  ])('of the difference %j', (difference, expected) => {
    expect(over(...difference)).toEqual(expected);
  });

  test('names the better row also if the difference may be chance', () => {
    expect(over(-0.01, -0.03, 0.01)?.headline).toContain('labels-only, a model of the labels');
  });

  test('names the student if another row is as accurate', () => {
    expect(over(0, -0.01, 0.01)?.headline).toBe(
      'Best: weighted, right on 81.4% of the test set. Distillation did not clearly help: the ' +
        'weighted student is as accurate as labels-only, a model of the labels alone.',
    );
  });

  test('names the baseline that it compares with if both are as accurate', () => {
    const { metrics } = sampleMetrics();
    const { weighted, logistic } = metrics.models;
    const tied = { ...logistic!, accuracy: { value: 0.9, low: 0.88, high: 0.92 } };
    // In a file, the names are sorted.
    const models = { 'labels-only': tied, logistic: tied, weighted: weighted! };
    const differences = ['logistic', 'labels-only'].map((b) => ({
      ...{ a: 'weighted', b, metric: 'accuracy' as const, value: -0.01, low: -0.03, high: 0.01 },
    }));
    expect(
      distillationVerdict(sampleMetrics({ metrics: { ...metrics, models, differences } }))
        ?.headline,
    ).toMatch(/^Best: logistic, right on 90.0% .* help: logistic, a model of the labels alone, is/);
  });

  test('calls the only baseline a model of the labels alone', () => {
    const run = sampleMetrics();
    const { logistic: _, ...models } = run.metrics.models;
    const alone = distillationVerdict({ ...run, metrics: { ...run.metrics, models } });
    expect(alone?.headline).toMatch(/than labels-only, a model of the labels alone\.$/);
  });

  test('needs a baseline that was measured', () => {
    expect(distillationVerdict(sampleMetrics({ baselines: [] }))).toBeUndefined();
    const { metrics, baselines } = sampleMetrics();
    const { weighted } = metrics.models;
    const alone = { metrics: { ...metrics, models: { weighted: weighted! } }, baselines };
    expect(distillationVerdict(sampleMetrics(alone))).toBeUndefined();
  });
});

test('models of several labels are compared by micro F1', () => {
  const run = sampleLabelMetrics();
  expect(verdict(run).headline).toBe(
    'The weighted student is 1.3 percentage points better in micro F1 than the uniform one.',
  );
  expect(distillationVerdict(run)?.headline).toBe(
    'Best: weighted, with a micro F1 of 71.4% on the test set. Distillation helped: the weighted ' +
      'student is 7.3 percentage points better in micro F1 than labels-only, the better model of ' +
      'the labels alone.',
  );
  const alone = { ...run, students: run.students.slice(0, 1) };
  expect(verdict(alone).headline).toBe(
    'The weighted student has a micro F1 of 71.4% on the test set.',
  );
});

describe('the student compared with its teacher', () => {
  test.each([
    [
      0.02,
      0.01,
      'better',
      'The weighted student is 2.0 percentage points more accurate than its teacher.',
    ],
    [
      -0.02,
      0.01,
      'worse',
      'The weighted student is 2.0 percentage points less accurate than its teacher.',
    ],
    [-0.02, 0.03, 'unclear', 'No clear difference between the weighted student and its teacher.'],
    [0, 0.03, 'unclear', 'No clear difference between the weighted student and its teacher.'],
  ])('by %d ± %d is %s', (value, half, outcome, headline) => {
    const { metrics } = sampleMetrics();
    const pair = { a: 'teacher', b: 'weighted', metric: 'accuracy' as const };
    const difference = { ...pair, value: -value, low: -value - half, high: -value + half };
    const run = sampleMetrics({ metrics: { ...metrics, differences: [difference] } });
    expect(teacherVerdict(run)).toMatchObject({ outcome, headline });
    if (outcome !== 'unclear') return;
    const size = value === 0 ? 'as accurate as the teacher' : '2.0 percentage points less accurate';
    expect(teacherVerdict(run)?.detail).toContain(`The student is ${size}. Paired on the same`);
  });

  test('has no verdict if the teacher was not measured', () => {
    expect(teacherVerdict(sampleMetrics())).toBeUndefined();
  });
});
