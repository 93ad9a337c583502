import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { teacherCurve } from '../../src/evaluate/teacher-curve.ts';
import { wilsonInterval } from '../../src/evaluate/wilson.ts';

describe('teacherCurve', () => {
  test('counts mistakes in bins of equal count', () => {
    const margins = Float32Array.of(0.75, 0, 0.5, 0.25);
    expect(teacherCurve(margins, Uint8Array.of(0, 1, 0, 1), 2)).toEqual([
      { low: 0, high: 0.25, count: 2, errorRate: wilsonInterval(2, 2) },
      { low: 0.5, high: 0.75, count: 2, errorRate: wilsonInterval(0, 2) },
    ]);
  });

  test('does not part equal margins', () => {
    const margins = Float32Array.of(1, 0.5, 1, 1, 1, 1);
    const curve = teacherCurve(margins, Uint8Array.of(0, 1, 0, 1, 0, 0), 3);
    expect(curve).toEqual([{ low: 0.5, high: 1, count: 6, errorRate: wilsonInterval(2, 6) }]);
  });

  test('of fewer examples than bins has one bin per example, and of none has none', () => {
    const curve = teacherCurve(Float32Array.of(0.5, 0.25), Uint8Array.of(0, 1));
    expect(curve.map(({ low, count }) => [low, count])).toEqual([
      [0.25, 1],
      [0.5, 1],
    ]);
    expect(teacherCurve(new Float32Array(0), new Uint8Array(0))).toEqual([]);
  });

  test('has every example once, in bins that do not overlap, whatever the order', () => {
    const example = fc.record({
      margin: fc.integer({ min: 0, max: 16 }).map((i) => i / 16),
      wrong: fc.integer({ min: 0, max: 1 }),
    });
    const curveOf = (examples: readonly { margin: number; wrong: number }[]) =>
      teacherCurve(
        Float32Array.from(examples, ({ margin }) => margin),
        Uint8Array.from(examples, ({ wrong }) => wrong),
      );
    fc.assert(
      fc.property(fc.array(example, { maxLength: 60 }), (examples) => {
        const curve = curveOf(examples);
        for (const { low, high, count, errorRate } of curve) {
          const inside = examples.filter(({ margin }) => margin >= low && margin <= high);
          expect(count).toBe(inside.length);
          expect(errorRate.value).toBe(inside.filter(({ wrong }) => wrong === 1).length / count);
        }
        expect(curve.reduce((total, { count }) => total + count, 0)).toBe(examples.length);
        expect(curveOf(examples.toReversed())).toEqual(curve);
      }),
    );
  });
});
