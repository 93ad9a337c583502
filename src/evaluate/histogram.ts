import { clamp } from '../arrays.ts';

/** Number of values in [low, high); the last bin includes its upper end. */
export interface HistogramBin {
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

/** Histogram of a stream of values, such as the loss weights. */
export interface Histogram {
  /** Adds values; those beyond an end count in the bin at that end. @throws RangeError on NaN. */
  add(values: Float32Array): void;
  result(): HistogramBin[];
}

/** Creates a histogram with bins of equal width. */
export function createHistogram(low: number, high: number, bins: number): Histogram {
  if (!(low < high)) throw new RangeError(`expected an interval, got ${low} to ${high}`);
  const width = (high - low) / bins;
  const counts = new Float64Array(bins);
  return {
    add(values) {
      for (const value of values) {
        if (Number.isNaN(value)) throw new RangeError('expected numbers, got NaN');
        counts[clamp(Math.floor((value - low) / width), 0, bins - 1)]!++;
      }
    },
    result: () =>
      Array.from(counts, (count, bin) => ({
        low: low + bin * width,
        high: bin === bins - 1 ? high : low + (bin + 1) * width,
        count,
      })),
  };
}
