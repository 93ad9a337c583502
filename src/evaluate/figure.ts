import type { Interval } from './schema.ts';

/** Metric on all examples, and on each bootstrap replicate. */
export interface Figure {
  readonly value: number;
  /** Value per replicate; NaN for one without examples. */
  readonly by: Float64Array;
}

/** Returns the difference of two figures, paired within each replicate. */
export function minus(a: Figure, b: Figure): Figure {
  return { value: a.value - b.value, by: a.by.map((value, r) => value - b.by[r]!) };
}

/** Returns the value with the 2.5 % and 97.5 % quantiles of its replicates. */
export function percentileInterval({ value, by }: Figure): Interval {
  const sorted = by.filter((replicate) => !Number.isNaN(replicate)).sort();
  return { value, low: quantile(sorted, 0.025), high: quantile(sorted, 0.975) };
}

/** Interpolates linearly between the two nearest of the sorted values, as numpy does. */
function quantile(sorted: Float64Array, share: number): number {
  const position = share * (sorted.length - 1);
  const below = sorted[Math.floor(position)]!;
  const above = sorted[Math.ceil(position)]!;
  return below + (above - below) * (position - Math.floor(position));
}
