import { clamp } from '../arrays.ts';
/** A histogram of a stream of values over bins of equal width, such as of the loss weights. */

/** How many values are in [low, high); the last bin has its upper end too. */
export interface HistogramBin {
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

export interface Histogram {
  /** Values beyond an end count in the bin at that end. @throws RangeError on NaN. */
  add(values: Float32Array): void;
  result(): HistogramBin[];
}

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
