import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { manyLabels, oneClass } from '../../../src/debias/decisions.ts';
import { UserError } from '../../../src/errors.ts';
import {
  binaryRows,
  distributionReader,
  type OutputName,
} from '../../../src/models/teachers/distributions.ts';

const nan = Number.NaN;
const reader = (output: OutputName, classes = 3) =>
  distributionReader(output, oneClass(classes), 'the teacher');

describe('logits', () => {
  test('log-ratios come back, however large the logits', () => {
    const logit = fc.float({ min: -1e4, max: 1e4, noNaN: true });
    fc.assert(
      fc.property(fc.array(logit, { minLength: 3, maxLength: 3 }), (row) => {
        const logits = Float32Array.from([...row, 5, 6, 7]);
        const [a, b, c] = reader('logits')(logits);
        expect(a! + b! + c!).toBeCloseTo(1, 5);
        if (a! > 1e-30 && b! > 1e-30) {
          expect(Math.abs(Math.log(a! / b!) - (logits[0]! - logits[1]!))).toBeLessThan(1e-2);
        }
      }),
    );
  });
  test('a row with NaN or infinity counts as missing, and the others stay', () => {
    const logits = Float32Array.of(1, nan, 2, 0, 0, 0, 1, 2, Number.POSITIVE_INFINITY);
    const third = Math.fround(1 / 3);
    expect([...reader('logits')(logits)]).toEqual([
      ...[nan, nan, nan],
      ...[third, third, third],
      ...[nan, nan, nan],
    ]);
  });
});

describe('probabilities', () => {
  test('rounding errors are taken out, and nothing else changes', () => {
    const read = reader('probabilities')(Float32Array.of(0.5, 0.5005, -0.0001));
    expect(read[0]! + read[1]! + read[2]!).toBeCloseTo(1, 6);
    expect(read[2]).toBe(0);
    expect([...reader('probabilities')(Float32Array.of(0.25, 0.75, 0))]).toEqual([0.25, 0.75, 0]);
  });
  test('a first batch of no distributions is refused, with a row of it', () => {
    const read = reader('probabilities');
    expect(() => read(Float32Array.of(4, -1.25, 0, 1, 0, 0, 2, 2, 2))).toThrow(UserError);
    expect(() => read(Float32Array.of(4, -1.25, 0, 1, 0, 0, 2, 2, 2))).toThrow('[4, -1.25, 0]');
  });
  test('a wrong row among good ones counts as missing', () => {
    const read = reader('probabilities');
    expect([...read(Float32Array.of(1, 0, 0, 0, 1, 0, 4, 0, 0))].slice(6)).toEqual([nan, nan, nan]);
    expect([...read(Float32Array.of(4, 0, 0))]).toEqual([nan, nan, nan]);
  });
  test('a first batch without answers does not count as checked', () => {
    const read = reader('probabilities');
    expect([...read(Float32Array.of(nan, nan, nan))]).toEqual([nan, nan, nan]);
    expect(() => read(Float32Array.of(4, 0, 0))).toThrow('does not give probabilities');
  });
});

/** Rows of n positive numbers that sum to 1. */
const distributions = fc
  .array(fc.array(fc.double({ min: 0.001, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 }), {
    minLength: 8,
    maxLength: 20,
  })
  .map((rows) =>
    rows.map((row) => {
      const total = row.reduce((sum, value) => sum + value);
      return row.map((value) => value / total);
    }),
  );

describe('rows that do not sum to 1', () => {
  test('are divided by their sum, if it is off by up to 5 %', () => {
    fc.assert(
      fc.property(
        distributions,
        fc.double({ min: 0.951, max: 1.049, noNaN: true }),
        (rows, scale) => {
          const given = Float32Array.from(rows.flat(), (value) => Math.min(value * scale, 1));
          const read = reader('probabilities', 4)(given);
          rows.flat().forEach((value, index) => {
            expect(Math.abs(read[index]! - value)).toBeLessThan(0.06);
          });
          for (let row = 0; row < rows.length; row++) {
            const sum = read.subarray(row * 4, row * 4 + 4).reduce((a, b) => a + b);
            expect(sum).toBeCloseTo(1, 5);
          }
        },
      ),
      { numRuns: 20 },
    );
  });
  test('as rounding to 2 decimals leaves them', () => {
    const read = reader('probabilities', 4)(Float32Array.of(0.33, 0.33, 0.33, 0.01, 0.98, 0, 0, 0));
    expect([...read].map((value) => value.toFixed(2)).join(' ')).toBe(
      '0.33 0.33 0.33 0.01 1.00 0.00 0.00 0.00',
    );
  });
});

describe('sigmoid outputs', () => {
  const scores = Float32Array.from({ length: 30 }, (_, index) => ((index * 7) % 10) / 10);
  test('are divided by their sum', () => {
    const read = reader('sigmoid')(scores);
    expect(read[1]).toBeCloseTo(0.7 / (0 + 0.7 + 0.4), 6);
  });
  test('are not taken for probabilities or logits: both name the field to set', () => {
    for (const output of ['probabilities', 'logits'] as const) {
      expect(() => reader(output)(scores)).toThrow(`does not give ${output}`);
      const error = hintOf(() => reader(output)(scores));
      expect(error).toContain('set teacher.output: sigmoid');
    }
  });
  test('a row of zeros has no answer', () => {
    expect([...reader('sigmoid')(Float32Array.of(0, 0, 0, 0.5, 0, 0))]).toEqual([
      ...[nan, nan, nan],
      ...[1, 0, 0],
    ]);
  });
  test('a few logits may lie in [0, 1]', () => {
    expect([...reader('logits')(Float32Array.of(0.5, 0.9, 0.1))]).toHaveLength(3);
  });
});

test.each(['probabilities', 'logits', 'sigmoid'] as const)('percentages are not %s', (output) => {
  const rows = Float32Array.from({ length: 30 }, (_, index) => [90, 8, 2][index % 3]!);
  expect(hintOf(() => reader(output)(rows))).toContain('divide them by 100');
});

describe('several labels per example', () => {
  const rowsOf = (rows: readonly (readonly number[])[]) =>
    Float32Array.from(Array.from({ length: 8 }, (_, index) => rows[index % rows.length]!).flat());
  const labels = (output: OutputName) => distributionReader(output, manyLabels(3), 'the teacher');

  test.each(['probabilities', 'sigmoid'] as const)('a softmax is not %s per label', (output) => {
    const softmax = rowsOf([
      [0.7, 0.2, 0.1],
      [0, 0.999, 0.001],
    ]);
    expect(() => labels(output)(softmax)).toThrow('each of its first 8 rows sums to 1, such as');
    expect(hintOf(() => labels(output)(softmax))).toContain('leave out task.multiLabel');
  });
  test.each([
    [
      'certain answers of one label each',
      rowsOf([
        [1, 0, 0],
        [0, 1, 0],
      ]),
    ],
    [
      'answers that do not all sum to 1',
      rowsOf([
        [0.7, 0.2, 0.1],
        [0.7, 0.6, 0.1],
      ]),
    ],
    ['a few answers', Float32Array.of(0.7, 0.2, 0.1)],
  ])('%s stay as they are', (_, rows) => {
    expect(labels('probabilities')(rows)).toEqual(rows);
  });
});

test('the one number of a binary classifier is that of the second class', () => {
  expect(binaryRows('probabilities')).toBeUndefined();
  expect([...binaryRows('sigmoid')!(Float32Array.of(0.25, 1))]).toEqual([0.75, 0.25, 0, 1]);
  expect([...binaryRows('logits')!(Float32Array.of(-2))]).toEqual([0, -2]);
});

function hintOf(action: () => unknown): string | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof UserError) return error.hint;
  }
  return undefined;
}
