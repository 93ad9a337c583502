import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { manyLabels, oneClass } from '../../src/debias/decisions.ts';
import { createDeviationsMeter } from '../../src/evaluate/deviations.ts';

/** Two classes, of which the first has this probability. */
const of = (probability: number) => Float32Array.of(probability, 1 - probability);
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

describe('deviations of students', () => {
  test('who is right is counted by the margin of the teacher', () => {
    const meter = createDeviationsMeter(['student'], oneClass(2));
    meter.add([0], of(0.52), [of(0.9)]); // margin 0.04
    meter.add([1], of(0.54), [of(0.1)]); // margin 0.08, the teacher is wrong
    meter.add([0], of(1), [of(0.2)]); // margin 1, the student is wrong
    const { byMargin } = meter.result();
    expect(byMargin).toHaveLength(10);
    expect(byMargin[0]).toEqual({
      ...{ low: 0, high: 0.1, examples: 2 },
      right: { teacher: 1, student: 2 },
    });
    expect(byMargin[9]).toMatchObject({ examples: 1, right: { teacher: 1, student: 0 } });
  });

  test('a student whose logits are those of the teacher times two has a slope of 2', () => {
    const meter = createDeviationsMeter(['same', 'double', 'half where wrong'], oneClass(2));
    for (const x of [0.1, 0.7, 1.3, 2.9, 4]) {
      for (const label of [0, 1]) {
        const teacher = of(sigmoid(x));
        const third = of(sigmoid(label === 1 ? x / 2 : x));
        meter.add([label], teacher, [teacher, of(sigmoid(2 * x)), third]);
      }
    }
    const { exaggeration } = meter.result();
    expect(exaggeration.same!.all).toBeCloseTo(1, 3);
    expect(exaggeration.double!.all).toBeCloseTo(2, 3);
    expect(exaggeration.double!.teacherWrong).toBeCloseTo(2, 3);
    expect(exaggeration['half where wrong']!.teacherWrong).toBeCloseTo(0.5, 3);
    expect(exaggeration['half where wrong']!.all).toBeCloseTo(0.75, 3);
  });

  test('each decision of an example with several labels counts', () => {
    const meter = createDeviationsMeter(['student'], manyLabels(2));
    // Margins 0.5 and 1. The teacher is wrong on the second label, the student on the first.
    meter.add([1, 0], Float32Array.of(0.75, 1), [Float32Array.of(0.25, 0.25)]);
    const { byMargin } = meter.result();
    expect(byMargin[5]).toMatchObject({ examples: 1, right: { teacher: 1, student: 0 } });
    expect(byMargin[9]).toMatchObject({ examples: 1, right: { teacher: 0, student: 1 } });
  });

  test('there is no slope without a line, and none is infinite', () => {
    const meter = createDeviationsMeter(['student'], oneClass(2));
    meter.add([0], of(1), [of(0)]);
    meter.add([0], of(1), [of(1)]);
    expect(meter.result().exaggeration).toEqual({ student: { all: null, teacherWrong: null } });
    meter.add([0], of(0.5), [of(0.5)]);
    expect(Number.isFinite(meter.result().exaggeration.student!.all)).toBe(true);
  });

  test('the slope is that of the two-pass formula', () => {
    const probability = fc.double({ min: 0.5, max: 0.999, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(probability, probability), { minLength: 3 }), (pairs) => {
        const meter = createDeviationsMeter(['student'], oneClass(2));
        for (const [p, q] of pairs) meter.add([0], of(p), [of(q)]);
        const slope = meter.result().exaggeration.student!.all;
        const logits = pairs.map((pair) =>
          pair.map((value) => {
            const single = Math.fround(value);
            return Math.log(single / (1 - single));
          }),
        );
        const mean = (at: number) => logits.reduce((sum, row) => sum + row[at]!, 0) / logits.length;
        const [x, y] = [mean(0), mean(1)];
        const variance = logits.reduce((sum, row) => sum + (row[0]! - x) ** 2, 0);
        if (variance < 1e-6) return;
        const covariance = logits.reduce((sum, row) => sum + (row[0]! - x) * (row[1]! - y), 0);
        expect(slope).toBeCloseTo(covariance / variance, 6);
      }),
    );
  });
});
