import { describe, expect, test } from 'vitest';
import { wilsonInterval } from '../../src/evaluate/wilson.ts';

describe('wilsonInterval', () => {
  // z² = 3.841459: for 0 of 10 the upper end is z²/(10 + z²); for 5 of 10 the half width is
  // z/(1 + z²/10) · sqrt(.025 + z²/400).
  test.each([
    { k: 0, n: 10, low: 0, high: 0.277533 },
    { k: 5, n: 10, low: 0.236593, high: 0.763407 },
    { k: 10, n: 10, low: 0.722467, high: 1 },
    { k: 1, n: 1, low: 0.206549, high: 1 },
  ])('of $k in $n', ({ k, n, low, high }) => {
    const interval = wilsonInterval(k, n);
    expect(interval.value).toBe(k / n);
    expect(interval.low).toBeCloseTo(low, 6);
    expect(interval.high).toBeCloseTo(high, 6);
  });

  test('stays within [0, 1]', () => {
    for (let n = 1; n < 300; n++) {
      expect(wilsonInterval(0, n).low).toBe(0);
      expect(wilsonInterval(n, n).high).toBe(1);
    }
  });
});
