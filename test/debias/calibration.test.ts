import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type CalibrationExamples,
  calibrate,
  fitCalibration,
  identityCalibration,
} from '../../src/debias/calibration.ts';
import { crossFitCalibration, penalties } from '../../src/debias/cross-fit-calibration.ts';
import { golden } from '../golden/golden.ts';

describe.each(golden.calibration())('$name', (given) => {
  const { classes, penalty, scale, bias, calibrated } = given;
  const probabilities = Float32Array.from(given.probabilities);
  const labels = Int32Array.from(given.labels);

  test("the fit is SciPy's", () => {
    const examples = { probabilities, labels, classes };
    const fitted = fitCalibration(examples, penalty ?? Number.POSITIVE_INFINITY);
    expect(fitted.scale).toBeCloseTo(scale, 3);
    for (const [c, value] of fitted.bias.entries()) expect(value).toBeCloseTo(bias[c]!, 3);
    const answers = calibrate(probabilities, fitted);
    for (const [i, value] of answers.entries()) expect(value).toBeCloseTo(calibrated[i]!, 3);
  });
});

test('the examples of the documentation', () => {
  const probabilities = new Float32Array(20).fill(0.5);
  const labels = Int32Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
  const { bias } = fitCalibration({ probabilities, labels, classes: 2 }, 0.1);
  expect(bias[0]).toBeCloseTo(1.04, 2);
  const answer = calibrate(Float32Array.of(0.2, 0.8), { scale: 2, bias: [0, 0] });
  expect(answer[0]).toBeCloseTo(0.04 / 0.68, 6);
});

/** Examples with labels that depend on the probabilities, in a random order of classes. */
const examplesOf = (classes: number) =>
  fc
    .array(
      fc.tuple(
        fc.array(fc.float({ min: Math.fround(0.01), max: 1, noNaN: true }), {
          minLength: classes,
          maxLength: classes,
        }),
        fc.nat(classes - 1),
      ),
      { minLength: 24, maxLength: 60 },
    )
    .map((rows): CalibrationExamples => {
      const all = rows.flatMap(([scores]) => {
        const total = scores.reduce((a, b) => a + b, 0);
        return scores.map((score) => score / total);
      });
      const labels = Int32Array.from(rows, ([, label]) => label);
      return { probabilities: Float32Array.from(all), labels, classes };
    });

describe('whatever the examples', () => {
  const classes = 3;
  const foldsOf = ({ labels }: CalibrationExamples) => Int32Array.from(labels, (_, i) => i % 4);

  test('the scale is positive, and the biases have the sum 0', () => {
    fc.assert(
      fc.property(examplesOf(classes), fc.constantFrom(...penalties), (examples, penalty) => {
        const { scale, bias } = fitCalibration(examples, penalty);
        expect(scale).toBeGreaterThan(0);
        expect(bias.reduce((a, b) => a + b, 0)).toBeCloseTo(0, 9);
      }),
      { numRuns: 12 },
    );
  });

  test('another order of the classes gives the same calibration in that order', () => {
    const order = [2, 0, 1];
    fc.assert(
      fc.property(examplesOf(classes), fc.constantFrom(...penalties), (examples, penalty) => {
        const { probabilities, labels } = examples;
        const moved = {
          classes,
          probabilities: probabilities.map((_, i) => {
            const c = i % classes;
            return probabilities[i - c + order[c]!]!;
          }),
          labels: labels.map((label) => order.indexOf(label)),
        };
        const [before, after] = [fitCalibration(examples, penalty), fitCalibration(moved, penalty)];
        expect(after.scale).toBeCloseTo(before.scale, 3);
        for (const [at, c] of order.entries())
          expect(after.bias[at]).toBeCloseTo(before.bias[c]!, 3);
      }),
      { numRuns: 12 },
    );
  });

  test('the same examples give the same figures, never a larger loss nor fewer right', () => {
    fc.assert(
      fc.property(examplesOf(classes), (examples) => {
        const chosen = crossFitCalibration(examples, foldsOf(examples), 4);
        expect(crossFitCalibration(examples, foldsOf(examples), 4)).toEqual(chosen);
        expect(chosen.logLoss.after).toBeLessThanOrEqual(chosen.logLoss.before);
        expect(chosen.right.after).toBeGreaterThanOrEqual(chosen.right.before);
      }),
      { numRuns: 6 },
    );
  });

  test('calibrated probabilities stay as they are', () => {
    // Each row of probabilities is repeated eight times, with its labels in proportion.
    const eighths = fc
      .tuple(fc.nat(8), fc.nat(8))
      .map(([a, b]) => [Math.min(a, b), Math.max(a, b) - Math.min(a, b), 8 - Math.max(a, b)]);
    fc.assert(
      fc.property(fc.array(eighths, { minLength: 4, maxLength: 8 }), (rows) => {
        const repeated = rows.flatMap((counts) =>
          counts.flatMap((count, label) => new Array(count).fill({ counts, label })),
        );
        const examples = {
          probabilities: Float32Array.from(
            repeated.flatMap(({ counts }) => counts.map((count: number) => count / 8)),
          ),
          labels: Int32Array.from(repeated, ({ label }) => label),
          classes,
        };
        const { whole, penalty } = crossFitCalibration(examples, foldsOf(examples), 4);
        expect(penalty).toBeUndefined();
        expect(whole).toEqual(identityCalibration(classes));
      }),
      { numRuns: 6 },
    );
  });
});

describe('a calibration of a model that neglects a class', () => {
  /** The model gives class 1 half of what it should; the labels have both equally often. */
  const n = 200;
  const labels = Int32Array.from({ length: n }, (_, i) => i % 2);
  const probabilities = Float32Array.from({ length: 2 * n }, (_, at) => {
    const i = Math.floor(at / 2);
    const isClear = i % 7 < 5;
    const first = isClear === (labels[i] === 0) ? 0.95 : 0.55;
    return at % 2 === 0 ? first : 1 - first;
  });
  const folds = Int32Array.from({ length: n }, (_, i) => Math.floor(i / 2) % 5);

  test('is better out of fold', () => {
    const { penalty, logLoss, right, whole } = crossFitCalibration(
      { probabilities, labels, classes: 2 },
      folds,
      5,
    );
    expect(penalty).toBeDefined();
    expect(logLoss.after).toBeLessThan(logLoss.before - 0.2);
    expect(right.after).toBeGreaterThan(right.before);
    expect(whole.bias[1]).toBeGreaterThan(0);
  });

  test('needs twenty labels', () => {
    const few = { probabilities: probabilities.slice(0, 38), labels: labels.slice(0, 19) };
    const { penalty } = crossFitCalibration({ ...few, classes: 2 }, folds.slice(0, 19), 5);
    expect(penalty).toBeUndefined();
  });
});

test('an example without an answer stays without one', () => {
  const answer = calibrate(Float32Array.of(Number.NaN, Number.NaN, 0.5, 0.5), {
    scale: 2,
    bias: [1, -1],
  });
  expect(answer[0]).toBeNaN();
  expect(answer[2]! + answer[3]!).toBeCloseTo(1, 6);
});

test('sizes and labels are checked', () => {
  const probabilities = new Float32Array(4).fill(0.5);
  const fitting = (labels: Int32Array) => () =>
    fitCalibration({ probabilities, labels, classes: 2 }, 1);
  expect(fitting(Int32Array.of(0))).toThrow('expected 1 × 2 probabilities, got 4');
  expect(fitting(Int32Array.of(0, 2))).toThrow('expected labels from 0 to 1, got 2');
});
