/**
 * Wilson score interval of a share k/n (Wilson 1927), at 95 %.
 *
 *   centre = (s + z²/2n) / (1 + z²/n)
 *   half   = z · sqrt(s(1 − s)/n + z²/4n²) / (1 + z²/n)        s = k/n
 *
 * It stays within [0, 1] and is useful for the few examples of a rare class. If all of them are
 * right, the bootstrap and the normal approximation would give an interval of width 0.
 */
import type { Interval } from './schema.ts';

/** 97.5 % quantile of the standard normal distribution. */
const z = 1.959963984540054;

/** Computes the interval. @param n at least 1. */
export function wilsonInterval(k: number, n: number): Interval {
  const share = k / n;
  const scale = 1 + (z * z) / n;
  const centre = (share + (z * z) / (2 * n)) / scale;
  const half = (z / scale) * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n));
  // The bounds at k = 0 and k = n are exactly 0 and 1; rounding would miss them slightly.
  return {
    value: share,
    low: k === 0 ? 0 : centre - half,
    high: k === n ? 1 : centre + half,
  };
}
