import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { manyLabels } from '../../src/debias/decisions.ts';
import { UserError } from '../../src/errors.ts';
import { createScoreSample } from '../../src/evaluate/average-precision.ts';
import { createEvaluation } from '../../src/evaluate/metrics.ts';
import { labelMetricNames, metricNames, metricsSchema } from '../../src/evaluate/schema.ts';
import { golden } from '../golden/golden.ts';

const names = [...labelMetricNames, ...metricNames] as const;

describe('against scikit-learn and numpy', () => {
  const expected = golden.labelMetrics();
  const { labels } = expected;
  const evaluation = createEvaluation(['a', 'b'], manyLabels(labels), 7);
  const models = expected.models.map((rows) => Float32Array.from(rows));
  for (let i = 0; i < expected.truth.length; i += labels) {
    const outputs = models.map((rows) => rows.subarray(i, i + labels));
    evaluation.add(expected.truth.slice(i, i + labels), outputs);
  }
  const found = evaluation.result();

  test('the result is as metrics.json has it', () => {
    expect(metricsSchema.parse(found)).toEqual(found);
    expect(found.examples).toBe(400);
    expect(found.rankedExamples).toBeUndefined();
  });

  test.each([
    ['a', 0],
    ['b', 1],
  ] as const)('values of model %s, in all and per label', (name, m) => {
    const model = found.models[name]!;
    for (const metric of names) {
      expect(model[metric]!.value, metric).toBeCloseTo(expected.values[m]![metric], 9);
    }
    expect(model.recall.map((recall) => recall?.value ?? null)).toEqual(expected.recall[m]);
    expect(model.precision!.map((share) => share?.value ?? null)).toEqual(expected.precision[m]);
    for (const field of ['f1', 'averagePrecision'] as const) {
      for (const [label, value] of expected[field][m]!.entries()) {
        if (value === null) expect(model[field]![label]).toBeNull();
        else expect(model[field]![label]).toBeCloseTo(value, 9);
      }
    }
  });

  // Both have 1,000 replicates. The difference of two quantiles has a standard error of about 7 %
  // of the width.
  test.each(names)('%s: intervals are about those of the classical bootstrap', (metric) => {
    const intervals = ['a', 'b'].map((name) => found.models[name]![metric]!);
    const difference = found.differences.find((each) => each.metric === metric)!;
    const { models, difference: differenceRange } = expected.bootstrap[metric];
    [...intervals, difference].forEach((interval, i) => {
      const [low, high] = [...models, differenceRange][i]!;
      const tolerance = 0.21 * (high - low);
      expect(Math.abs(interval.low - low)).toBeLessThan(tolerance);
      expect(Math.abs(interval.high - high)).toBeLessThan(tolerance);
    });
  });
});

describe('createEvaluation', () => {
  test('finds metrics worked out by hand', () => {
    const evaluation = createEvaluation(['only'], manyLabels(2), 1);
    evaluation.add([1, 0], [Float32Array.of(0.75, 0.25)]);
    // A tie is "no".
    evaluation.add([1, 1], [Float32Array.of(0.5, 0.75)]);
    const model = evaluation.result().models.only!;
    expect(model.accuracy.value).toBe(3 / 4);
    expect(model.exactMatch?.value).toBe(1 / 2);
    expect(model.microF1?.value).toBe((2 * 2) / (3 + 2));
    expect(model.logLoss.value).toBeCloseTo(-Math.log(0.75 * 0.75 * 0.5 * 0.75) / 4, 12);
    expect(model.recall.map((recall) => recall?.value)).toEqual([1 / 2, 1]);
    expect(model.averagePrecision).toEqual([1, 1]);
  });

  test('refuses a test set without any label', () => {
    const evaluation = createEvaluation(['only'], manyLabels(2), 1);
    evaluation.add([0, 0], [Float32Array.of(0.75, 0.25)]);
    expect(() => evaluation.result()).toThrow(UserError);
    expect(() => evaluation.result()).toThrow('none of the 1 test examples has a label');
  });

  test('reports wrong input', () => {
    const evaluation = createEvaluation(['only'], manyLabels(2), 1);
    const outputs = [Float32Array.of(0.5, 0.5)];
    expect(() => evaluation.add([1], outputs)).toThrow('expected 2 decisions, got 1');
    expect(() => evaluation.add([0, 2], outputs)).toThrow('a label from 0 to 1, got 2');
    expect(() => evaluation.add([0, 1], [Float32Array.of(1)])).toThrow('2 numbers from model only');
  });
});

describe('createScoreSample', () => {
  const ranking = (truth: readonly number[], scores: readonly number[], most?: number) => {
    const sample = createScoreSample(1, 1, 3, 100, most);
    truth.forEach((decided, i) => {
      sample.add([decided], [Float32Array.of(scores[i]!)]);
    });
    return sample.result();
  };

  test('only the order of the scores matters, and the order of equal ones does not', () => {
    const examples = fc.array(fc.record({ decided: fc.nat(1), score: fc.nat(5) }), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(examples, (all) => {
        const of = (list: typeof all, score: (value: number) => number) =>
          ranking(
            list.map(({ decided }) => decided),
            list.map((one) => score(one.score)),
          ).models[0]!.byLabel[0];
        const plain = of(all, (score) => score / 5);
        const other = of([...all].reverse(), (score) => Math.exp(score));
        if (plain === null) expect(other).toBeNull();
        else expect(other).toBeCloseTo(plain!, 12);
      }),
      { numRuns: 50 },
    );
  });

  test('a sample stays below its limit and has about the precision of all examples', () => {
    const scores = Array.from({ length: 4000 }, (_, i) => (i * 0.618034) % 1);
    const truth = scores.map((score, i) => Number((i * 0.754878) % 1 < score));
    const all = ranking(truth, scores);
    const some = ranking(truth, scores, 1000);
    expect(all.examples).toBe(4000);
    expect(some.examples).toBeGreaterThan(400);
    expect(some.examples).toBeLessThanOrEqual(1000);
    expect(some.models[0]!.mean?.value).toBeCloseTo(all.models[0]!.mean!.value, 1);
    expect(ranking(truth, scores, 1000)).toEqual(some);
  });
});
