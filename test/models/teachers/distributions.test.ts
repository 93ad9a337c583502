import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../../src/errors.ts';
import { distributionReader } from '../../../src/models/teachers/distributions.ts';

const nan = Number.NaN;
const reader = (output: 'probabilities' | 'logits', classes = 3) =>
  distributionReader(output, classes, 'the teacher');

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
