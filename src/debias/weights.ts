/**
 * The debiasing weights of the student's loss (after Iliopoulos et al., NeurIPS 2022).
 *
 *   w(x) = 1 / (1 + p(x) · (d(x) − 1))
 *
 *   p(x): probability that the teacher is wrong at x
 *   d(x): distortion, l(wrong label, f(x)) / l(true label, f(x))
 *
 * Since E[l(ŷ, f)] = l(y, f) · (1 + p(d − 1)), the weighted loss has the true loss as its mean. What
 * is estimated, from the k validation points nearest to x in the plane of the two margins, is p (the
 * share of them on which the teacher is wrong) and the inflation of the loss, 1 + p(d − 1). Which
 * average of it the paper takes is not established; two readings:
 *
 *   B   mean of the ratio l(ŷ_i, f) / l(y_i, f), which is 1 where the teacher is right: so d is the
 *       mean ratio over the wrong neighbours. The formula taken literally.
 *   D   mean of l(ŷ_i, f) / mean of l(y_i, f). Stable: one small l(y_i, f) cannot decide the weight.
 *
 * and in both w = 1 / inflation and d = 1 + (inflation − 1) / p.
 *
 * Where no neighbour is wrong there is no mistake to correct: p = 0, d = 1 and w is exactly 1, in
 * both readings and for soft labels too.
 */
import { clamp } from '../arrays.ts';
import type { Method } from './method.ts';
import { createNeighborMeans } from './neighbors.ts';
import type { ValidationPoints } from './validation.ts';

export interface WeightOptions {
  /** k. Default: `defaultNeighbors` of the number of points. */
  readonly neighbors?: number | undefined;
  readonly reading: 'B' | 'D';
  /** Weights are clipped to [low, high], last of all. An upper bound of 1 keeps the student from
   * being pulled to wrong labels that it has come to prefer (d < 1, so w > 1). */
  readonly bounds: readonly [low: number, high: number];
}

export const weighted = {
  name: 'weighted',
  labels: 'either',
  needs: ['validation'],
  correct(points: ValidationPoints, { weights: options }: { readonly weights: WeightOptions }) {
    const estimator = createWeightEstimator(points, options);
    return {
      weigh(teacherMargins: Float32Array, studentMargins: Float32Array, weights: Float32Array) {
        estimator.estimate(teacherMargins, studentMargins, { weights });
      },
    };
  },
} as const satisfies Method;

export interface Estimate {
  /** p, in [0, 1]. */
  errorProbability: number;
  /** d, as p and the weight before it is clipped imply; 1 where p is 0. */
  distortion: number;
  /** w, within the bounds. */
  weight: number;
}

/** Where estimates of n examples are written, [n] each; one left out is not wanted. */
export interface EstimateColumns {
  readonly weights: Float32Array;
  readonly errorProbabilities?: Float32Array;
  readonly distortions?: Float32Array;
}

export interface WeightEstimator {
  /** The estimate for one example. */
  at(teacherMargin: number, studentMargin: number): Estimate;
  /**
   * The estimates for n examples; allocates nothing. A margin of NaN means that there is nothing to
   * correct (an example with a true label): p = 0, d = 1, w = 1, whatever the bounds.
   *
   * @param teacherMargins [n]
   * @param studentMargins [n]
   */
  estimate(teacherMargins: Float32Array, studentMargins: Float32Array, out: EstimateColumns): void;
}

/**
 * Losses below it count as it: about −ln(1 − 1e-7), the least that a floored probability can tell
 * from 0. It keeps every ratio finite, and the ratio of two losses of about 0 at 1.
 */
const lossFloor = 1e-7;

/** About the square root of the number of validation points, and at least 1. */
export function defaultNeighbors(points: number): number {
  return Math.max(1, Math.round(Math.sqrt(points)));
}

/** @throws RangeError when there are no points, or k < 1. */
export function createWeightEstimator(
  points: ValidationPoints,
  { neighbors = defaultNeighbors(points.wrong.length), reading, bounds }: WeightOptions,
): WeightEstimator {
  const columns = reading === 'B' ? columnsOfB(points) : columnsOfD(points);
  const neighborMeans = createNeighborMeans(
    { x: points.teacherMargins, y: points.studentMargins, columns },
    neighbors,
  );
  const means = new Float64Array(columns.length);
  const [low, high] = bounds;
  const estimate: Estimate = { errorProbability: 0, distortion: 1, weight: 1 };

  function update(teacherMargin: number, studentMargin: number): void {
    estimate.errorProbability = 0;
    estimate.distortion = 1;
    estimate.weight = 1;
    if (Number.isNaN(teacherMargin) || Number.isNaN(studentMargin)) return;
    neighborMeans(teacherMargin, studentMargin, means);
    const p = Math.min(means[0]!, 1);
    if (p > 0) {
      const inflation = reading === 'B' ? means[1]! : means[1]! / means[2]!;
      estimate.errorProbability = p;
      estimate.distortion = 1 + (inflation - 1) / p;
      estimate.weight = 1 / inflation;
    }
    estimate.weight = clamp(estimate.weight, low, high);
  }

  return {
    at(teacherMargin, studentMargin) {
      update(teacherMargin, studentMargin);
      return { ...estimate };
    },
    estimate(teacherMargins, studentMargins, { weights, errorProbabilities, distortions }) {
      for (let i = 0; i < teacherMargins.length; i++) {
        update(teacherMargins[i]!, studentMargins[i]!);
        weights[i] = estimate.weight;
        if (errorProbabilities) errorProbabilities[i] = estimate.errorProbability;
        if (distortions) distortions[i] = estimate.distortion;
      }
    },
  };
}

/** wrong, and the loss ratio: their means are p and the inflation. */
function columnsOfB({ wrong, teacherLosses, trueLosses }: ValidationPoints): Float64Array[] {
  const ratios = new Float64Array(wrong.length).fill(1);
  for (let i = 0; i < wrong.length; i++) {
    if (wrong[i] === 1) ratios[i] = floored(teacherLosses[i]!) / floored(trueLosses[i]!);
  }
  return [Float64Array.from(wrong), ratios];
}

/**
 * wrong, the loss on the teacher's label, the loss on the true one. Where the teacher is right there
 * is nothing to correct, so there its label counts as the true one, as the ratio is 1 in reading B;
 * only soft labels feel it.
 */
function columnsOfD({ wrong, teacherLosses, trueLosses }: ValidationPoints): Float64Array[] {
  const losses = teacherLosses.map((loss, i) => floored(wrong[i] === 1 ? loss : trueLosses[i]!));
  return [Float64Array.from(wrong), losses, trueLosses.map(floored)];
}

function floored(loss: number): number {
  return Math.max(loss, lossFloor);
}
