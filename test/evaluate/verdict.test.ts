import { expect, test } from 'vitest';
import { verdict } from '../../src/evaluate/verdict.ts';
import { sampleMetrics } from '../support/sample-metrics.ts';

/** The verdict where weighted − uniform is `value`, from `low` to `high`. */
function of(value: number, low: number, high: number, order: 'a-b' | 'b-a' = 'a-b') {
  const { metrics } = sampleMetrics();
  const [a, b] = order === 'a-b' ? ['weighted', 'uniform'] : ['uniform', 'weighted'];
  const difference = { a: a!, b: b!, metric: 'accuracy' as const, value, low, high };
  return verdict(sampleMetrics({ metrics: { ...metrics, differences: [difference] } }));
}

test('better when the interval is above 0', () => {
  expect(of(0.0133, 0.0061, 0.0205)).toMatchInlineSnapshot(`
    {
      "detail": "Paired on the same 10,000 test examples: 95% interval +0.6 to +2.1, which excludes 0.",
      "headline": "The weighted student is 1.3 percentage points more accurate than the uniform one.",
      "outcome": "better",
    }
  `);
});

test('worse when it is below', () => {
  expect(of(-0.02, -0.03, -0.01)).toMatchInlineSnapshot(`
    {
      "detail": "Paired on the same 10,000 test examples: 95% interval −3.0 to −1.0. On this data, prefer uniform.",
      "headline": "The weighted student is 2.0 percentage points less accurate than the uniform one.",
      "outcome": "worse",
    }
  `);
});

test('unclear when it includes 0, whatever the sign', () => {
  expect(of(0.004, -0.003, 0.011)).toMatchInlineSnapshot(`
    {
      "detail": "The weighted student is 0.4 percentage points more accurate on the same 10,000 test examples, but that may be chance: the 95% interval −0.3 to +1.1 includes 0.",
      "headline": "No clear difference between the weighted student and the uniform one.",
      "outcome": "unclear",
    }
  `);
  expect(of(-0.0004, -0.003, 0.002).detail).toContain('0.04 percentage points less accurate');
  expect(of(0.01, 0, 0.02).outcome).toBe('unclear');
});

test('reads the difference either way round', () => {
  expect(of(0.02, 0.01, 0.03, 'b-a')).toEqual(of(-0.02, -0.03, -0.01));
});

test('without a second student there is nothing to compare', () => {
  const { students } = sampleMetrics();
  expect(verdict(sampleMetrics({ students: students.slice(0, 1) }))).toMatchInlineSnapshot(`
    {
      "detail": "No baseline was trained. compare: [uniform] trains the student of plain distillation.",
      "headline": "The weighted student is right on 81.4% of the test set.",
      "outcome": "alone",
    }
  `);
});
