/** Decides whether the memory of a long process is level. */

/** Memory after one run, or after labeling once. */
export interface Sample {
  /** Since the start. */
  readonly seconds: number;
  /** Resident memory of the process. */
  readonly rssMiB: number;
  /** Objects of JavaScript in use. */
  readonly heapMiB: number;
  /** Buffers outside the heap of JavaScript. */
  readonly externalMiB: number;
  readonly tensors: number;
}

/** Largest growth that counts as level: of the fitted line, over the second half. */
export const allowedGrowth = { rssMiB: 0.05, heapMiB: 0.05, tensors: 0 } as const;

type Measure = keyof typeof allowedGrowth;

/** Fewer samples state nothing. */
export const minSamples = 10;

/** Growth of each measure over the second half of the samples, by the least squares line. */
export function slopes(samples: readonly Sample[]) {
  const half = samples.slice(Math.floor(samples.length / 2));
  return (Object.keys(allowedGrowth) as Measure[]).map((name) => {
    const values = half.map((sample) => sample[name]);
    const perRun = slope(values);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return { name, perRun, growth: mean === 0 ? 0 : (perRun * (values.length - 1)) / mean };
  });
}

/**
 * Returns whether the memory is level: over the second half of the samples, the fitted line of the
 * resident memory and of the heap rises by at most 5 %, and the number of tensors is constant.
 */
export function isLevel(samples: readonly Sample[]): boolean {
  if (samples.length < minSamples) return false;
  return slopes(samples).every(({ name, growth }) => growth <= allowedGrowth[name]);
}

/** Slope of the least squares line through (0, values[0]), (1, values[1]), … */
function slope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  let [above, below] = [0, 0];
  for (const [x, y] of values.entries()) {
    above += (x - middle) * y;
    below += (x - middle) ** 2;
  }
  return below === 0 ? 0 : above / below;
}
