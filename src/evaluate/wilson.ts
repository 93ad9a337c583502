/**
 * Wilson's score interval for a share k/n (Wilson 1927), at 95 %.
 *
 *   centre = (s + z²/2n) / (1 + z²/n)
 *   half   = z · sqrt(s(1 − s)/n + z²/4n²) / (1 + z²/n)        s = k/n
 *
 * It stays within [0, 1] and is useful for the few examples of a rare class, where the bootstrap
 * and the normal approximation give an interval of no width when all of them are right.
 */
import type { Interval } from './schema.ts';

/** The 97.5 % quantile of the standard normal distribution. */
const z = 1.959963984540054;

/** @param n at least 1. */
export function wilsonInterval(k: number, n: number): Interval {
  const share = k / n;
  const scale = 1 + (z * z) / n;
  const centre = (share + (z * z) / (2 * n)) / scale;
  const half = (z / scale) * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n));
  // The bounds at 0 and n are exactly 0 and 1; rounding would leave them a hair beside.
  return {
    value: share,
    low: k === 0 ? 0 : centre - half,
    high: k === n ? 1 : centre + half,
  };
}
