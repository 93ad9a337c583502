import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { oneClass } from '../../src/debias/decisions.ts';
import { UserError } from '../../src/errors.ts';
import { createEvaluation } from '../../src/evaluate/metrics.ts';
import { metricNames, metricsSchema } from '../../src/evaluate/schema.ts';
import { golden } from '../golden/golden.ts';

/** @param models for each [n, classes]. */
function evaluate(labels: readonly number[], models: readonly Float32Array[], classes: number) {
  const names = models.map((_, m) => `model ${m}`);
  const evaluation = createEvaluation(names, oneClass(classes), 7);
  labels.forEach((label, i) => {
    const rows = models.map((rows) => rows.subarray(i * classes, (i + 1) * classes));
    evaluation.add([label], rows);
  });
  return evaluation.result();
}

describe('against scikit-learn and numpy', () => {
  const expected = golden.metrics();
  const found = evaluate(
    expected.labels,
    expected.models.map((rows) => Float32Array.from(rows)),
    expected.classes,
  );

  test('the result is as metrics.json has it', () => {
    expect(metricsSchema.parse(found)).toEqual(found);
    expect(found.examples).toBe(600);
  });

  test.each([0, 1])('values and recall of model %d', (m) => {
    const model = found.models[`model ${m}`]!;
    for (const metric of metricNames) {
      expect(model[metric].value).toBeCloseTo(expected.values[m]![metric], 9);
    }
    expect(model.recall.map((recall) => recall?.value)).toEqual(expected.recall[m]);
  });

  // The ends are quantiles of random replicates. Their standard error is about 5 % of the width
  // with 1,000 replicates, so 15 % is about three of them.
  test.each(metricNames)('%s: intervals are about those of the classical bootstrap', (metric) => {
    const intervals = [0, 1].map((m) => found.models[`model ${m}`]![metric]);
    const difference = found.differences.find((each) => each.metric === metric)!;
    const { models, difference: differenceRange } = expected.bootstrap[metric];
    [...intervals, difference].forEach((interval, i) => {
      const [low, high] = [...models, differenceRange][i]!;
      const tolerance = 0.15 * (high - low);
      expect(Math.abs(interval.low - low)).toBeLessThan(tolerance);
      expect(Math.abs(interval.high - high)).toBeLessThan(tolerance);
    });
  });

  test('differences are between each two models, the first minus the second', () => {
    const [a, b] = [found.models['model 0']!, found.models['model 1']!];
    expect(found.differences.map(({ a, b, metric, value }) => ({ a, b, metric, value }))).toEqual(
      metricNames.map((metric) => ({
        a: 'model 0',
        b: 'model 1',
        metric,
        value: a[metric].value - b[metric].value,
      })),
    );
  });
});

test('a model differs from itself by exactly 0', () => {
  const classes = 3;
  const example = fc.record({
    label: fc.integer({ min: 0, max: classes - 1 }),
    row: fc.array(fc.float({ min: 0, max: 1, noNaN: true }), {
      minLength: classes,
      maxLength: classes,
    }),
  });
  fc.assert(
    fc.property(fc.array(example, { minLength: 1, maxLength: 30 }), (examples) => {
      const rows = Float32Array.from(examples.flatMap(({ row }) => row));
      const labels = examples.map(({ label }) => label);
      const { differences } = evaluate(labels, [rows, rows, rows], classes);
      expect(differences).toHaveLength(3 * metricNames.length);
      for (const { value, low, high } of differences) expect([value, low, high]).toEqual([0, 0, 0]);
    }),
    { numRuns: 30 },
  );
});

describe('createEvaluation', () => {
  test('finds metrics worked out by hand', () => {
    // Right with .75, wrong with .75 and .5 (a tie: the lower class); nothing of class 2.
    const rows = Float32Array.of(0.75, 0.25, 0, 0.75, 0.25, 0, 0.5, 0.5, 0);
    const model = evaluate([0, 1, 1], [rows], 3).models['model 0']!;
    expect(model.accuracy.value).toBe(1 / 3);
    expect(model.logLoss.value).toBeCloseTo(-Math.log(0.75 * 0.25 * 0.5) / 3, 12);
    // One bin has confidences .75 + .75 and one right, another .5 and none right.
    expect(model.calibrationError.value).toBeCloseTo((0.5 + 0.5) / 3, 12);
    expect(model.recall.map((recall) => recall?.value ?? null)).toEqual([1, 0, null]);
    // F1 of class 0: 2 · 1 / (1 example + 3 classified).
    expect(model.macroRecall.value).toBe(0.5);
    expect(model.macroF1.value).toBe(0.25);
  });

  test('gives an interval for one example, though a third of the replicates are empty', () => {
    const model = evaluate([0], [Float32Array.of(0.75, 0.25)], 2).models['model 0']!;
    expect(model.accuracy).toEqual({ value: 1, low: 1, high: 1 });
    expect(model.logLoss.low).toBeCloseTo(-Math.log(0.75), 12);
  });

  test('returns results while examples are still added', () => {
    const evaluation = createEvaluation(['only'], oneClass(2), 1);
    evaluation.add([0], [Float32Array.of(1, 0)]);
    expect(evaluation.result().models.only?.accuracy.value).toBe(1);
    evaluation.add([0], [Float32Array.of(0, 1)]);
    expect(evaluation.result().models.only?.accuracy.value).toBe(0.5);
  });

  test('with many classes, macro averages have fewer replicates and the same values', () => {
    const classes = 3000;
    const row = (index: number) => {
      const values = new Float32Array(classes);
      values[index] = 1;
      return values;
    };
    const evaluation = createEvaluation(['only'], oneClass(classes), 1);
    for (let i = 0; i < 20; i++) evaluation.add([i], [row(i % 2 === 0 ? i : 0)]);
    const { macroRecall, macroF1 } = evaluation.result().models.only!;
    expect(macroRecall.value).toBe(0.5);
    expect(macroF1.value).toBeCloseTo((9 + 2 / 12) / 20, 12);
    expect(macroRecall.low).toBeLessThan(0.5);
    expect(macroRecall.high).toBeGreaterThan(0.5);
  });

  test('reports wrong input', () => {
    const evaluation = createEvaluation(['only'], oneClass(2), 1);
    expect(() => evaluation.result()).toThrow(UserError);
    expect(() => evaluation.add([2], [Float32Array.of(1, 0)])).toThrow(
      'a label from 0 to 1, got 2',
    );
    expect(() => evaluation.add([0], [Float32Array.of(1)])).toThrow('2 numbers from model only');
    expect(() => evaluation.add([0], [Float32Array.of(NaN, 1)])).toThrow(
      '2 numbers from model only',
    );
    expect(() => evaluation.add([0], [])).toThrow('2 numbers from model only');
    expect(() => createEvaluation(['a', 'a'], oneClass(2), 1)).toThrow(
      'names that differ, got a, a',
    );
  });
});
