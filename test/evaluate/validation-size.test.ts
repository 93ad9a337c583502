import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { manyLabels, oneClass } from '../../src/debias/decisions.ts';
import {
  describeValidationSize,
  expectValidationSize,
  validationSize,
} from '../../src/evaluate/validation-size.ts';

/** Margins that rise, and where the teacher is wrong. */
function labels(...wrong: number[]) {
  return {
    margins: Float32Array.from(wrong, (_, i) => (i + 1) / wrong.length),
    wrong: Uint8Array.from(wrong),
  };
}

const repeat = (times: number, ...values: number[]) =>
  Array.from({ length: times }, () => values).flat();

describe('the size of the validation set', () => {
  test('is enough where mistakes are shown to lie at small margins', () => {
    const { margins, wrong } = labels(...repeat(50, 1), ...repeat(25, 1, 0), ...repeat(50, 0));
    const size = validationSize(margins, wrong);
    expect(size.thirds.map(({ count, errorRate }) => [count, errorRate.value])).toEqual([
      [50, 1],
      [50, 0.5],
      [50, 0],
    ]);
    expect(size.isEnough).toBe(true);
  });

  test('is not for the same shares of few labels, or for a useless margin', () => {
    const few = labels(1, 0, 0, 0, 0, 0);
    expect(validationSize(few.margins, few.wrong).isEnough).toBe(false);
    const flat = labels(...repeat(75, 1, 0));
    expect(validationSize(flat.margins, flat.wrong).isEnough).toBe(false);
    const equal = { margins: new Float32Array(90).fill(0.5), wrong: new Uint8Array(90) };
    expect(validationSize(equal.margins, equal.wrong)).toMatchObject({
      isEnough: false,
      thirds: [{ count: 90 }],
    });
  });

  test('is described in words, with the effect of more labels', () => {
    const { margins, wrong } = labels(...repeat(25, 1, 0), ...repeat(100, 0));
    // Wilson intervals: 36.6 to 63.4 for 25 of 50, 0 to 7.1 for 0 of 50.
    // Half widths for 66.7 and 216.7 instead of 50 labels: 11.7 and 6.6.
    expect(describeValidationSize(validationSize(margins, wrong), oneClass(3))).toBe(
      'The teacher is wrong on 50% (37% to 63%) of the third of 150 labels with the smallest margins, ' +
        'and on 0% (0% to 7%) of the third with the largest: its margin shows which labels are ' +
        'doubtful. ' +
        'The first error rate is known to ±13% (with 50 more labels to ±12%, with 500 more to ±7%).',
    );
    expect(expectValidationSize(150)).toContain('±13% (with 50 more labels to ±12%');
    // 50 examples have 100 decisions.
    const decided = describeValidationSize(validationSize(margins, wrong), manyLabels(2));
    expect(decided).toContain('of the third of 150 decisions with the smallest margins');
    expect(decided).toContain('(with 50 more labeled examples to ±10%');
  });

  test('does not depend on the order of the examples', () => {
    const points = fc.array(fc.tuple(fc.float({ min: 0, max: 1, noNaN: true }), fc.nat(1)), {
      minLength: 1,
    });
    fc.assert(
      fc.property(points, (rows) => {
        const of = (all: [number, number][]) =>
          validationSize(
            Float32Array.from(all, ([margin]) => margin),
            Uint8Array.from(all, ([, wrong]) => wrong),
          );
        expect(of([...rows].reverse())).toEqual(of(rows));
      }),
    );
  });
});
