/**
 * The debiasing weights of the student's loss (after Iliopoulos et al., NeurIPS 2022).
 *
 *   w(x) = 1 / (1 + p(x) · (d(x) − 1))
 *
 *   p(x): probability that the teacher is wrong at x
 *   d(x): distortion, l(wrong label, f(x)) / l(true label, f(x))
 *
 * Since E[l(ŷ, f)] = l(y, f) · (1 + p(d − 1)), the weighted loss has the true loss as its mean. The
 * estimates come from the k validation points nearest to x in the plane of the two margins. p is
 * the share of them on which the teacher is wrong. The inflation of the loss, 1 + p(d − 1), is an
 * average over them. The paper leaves open which average; there are two readings:
 *
 *   meanOfRatios  mean of l(ŷ_i, f) / l(y_i, f), which is 1 if the teacher is right. So d is the
 *                 mean ratio over the wrong neighbours: the formula as printed.
 *   ratioOfMeans  mean of l(ŷ_i, f) / mean of l(y_i, f). Stable: no single small l(y_i, f) can
 *                 decide the weight.
 *
 * In both, w = 1 / inflation and d = 1 + (inflation − 1) / p. If no neighbour is wrong there is no
 * mistake to correct: p = 0, d = 1 and w is exactly 1, with soft labels too.
 */
import { clamp } from '../arrays.ts';
import { namesOf } from '../table.ts';
import type { Method } from './method.ts';
import { createNeighborMeans } from './neighbors.ts';
import type { ValidationPoints } from './validation.ts';

/** A way to estimate the inflation of the loss. */
interface Reading {
  /** Columns of [n] to average over the neighbours. The first is `wrong`, whose mean is p. */
  columns(points: ValidationPoints): Float64Array[];
  /** @param means of the columns. */
  inflation(means: Float64Array): number;
}

const readings = {
  ratioOfMeans: {
    // If the teacher is right there is nothing to correct, so its label counts as the true one, as
    // in the other reading. This matters for soft labels only.
    columns({ wrong, teacherLosses, trueLosses }) {
      const losses = teacherLosses.map((loss, i) =>
        floored(wrong[i] === 1 ? loss : trueLosses[i]!),
      );
      return [Float64Array.from(wrong), losses, trueLosses.map(floored)];
    },
    inflation: (means) => means[1]! / means[2]!,
  },
  meanOfRatios: {
    columns({ wrong, teacherLosses, trueLosses }) {
      const ratios = new Float64Array(wrong.length).fill(1);
      for (let i = 0; i < wrong.length; i++) {
        if (wrong[i] === 1) ratios[i] = floored(teacherLosses[i]!) / floored(trueLosses[i]!);
      }
      return [Float64Array.from(wrong), ratios];
    },
    inflation: (means) => means[1]!,
  },
} satisfies Record<string, Reading>;

/** Name of a reading: how losses of neighbours are averaged. */
export type ReadingName = keyof typeof readings;
export const readingNames = namesOf(readings);
export const defaultReading: ReadingName = 'ratioOfMeans';
/** The names of version 0.1, for the error that refuses them. */
export const formerReadings: Readonly<Record<string, ReadingName>> = {
  B: 'meanOfRatios',
  D: 'ratioOfMeans',
};

/** Options of the estimator. */
export interface WeightOptions {
  /** k. Default: `defaultNeighbors` of the number of points. */
  readonly neighbors?: number | undefined;
  readonly reading: ReadingName;
  /**
   * Weights are clipped to [low, high], last of all. An upper bound of 1 keeps wrong labels that
   * the student already prefers (d < 1, so w > 1) from gaining weight.
   */
  readonly bounds: readonly [low: number, high: number];
}

export const weighted = {
  name: 'weighted',
  labels: 'either',
  needs: ['validation'],
  excludes: ['mixup'],
  correct(points: ValidationPoints, { weights: options }: { readonly weights: WeightOptions }) {
    const estimator = createWeightEstimator(points, options);
    return {
      weigh(teacherMargins: Float32Array, studentMargins: Float32Array, weights: Float32Array) {
        estimator.estimate(teacherMargins, studentMargins, { weights });
      },
    };
  },
} as const satisfies Method;

/** The estimate for one example. */
export interface Estimate {
  /** p, in [0, 1]. */
  errorProbability: number;
  /** d, from p and the unclipped weight; 1 if p is 0. */
  distortion: number;
  /** w, within the bounds. */
  weight: number;
}

/** Output arrays for the estimates of n examples, [n] each. */
export interface EstimateColumns {
  readonly weights: Float32Array;
  readonly errorProbabilities?: Float32Array;
  readonly distortions?: Float32Array;
}

/** Estimates weights from the margins of teacher and student. */
export interface WeightEstimator {
  /** Estimates one example. */
  at(teacherMargin: number, studentMargin: number): Estimate;
  /**
   * Estimates n examples; allocates nothing. A margin of NaN (an example with a true label) gives
   * p = 0, d = 1, w = 1, whatever the bounds.
   *
   * @param teacherMargins [n]
   * @param studentMargins [n]
   */
  estimate(teacherMargins: Float32Array, studentMargins: Float32Array, out: EstimateColumns): void;
}

/**
 * Lower bound of a loss: about −ln(1 − 1e-7), the smallest loss of a floored probability. It keeps
 * every ratio finite, and the ratio of two losses of about 0 at 1.
 */
const lossFloor = 1e-7;

/**
 * Returns the square root of the number of validation points, rounded, and at least 1.
 * @example defaultNeighbors(300); // 17
 */
export function defaultNeighbors(points: number): number {
  return Math.max(1, Math.round(Math.sqrt(points)));
}

/**
 * Creates the estimator of the weights.
 *
 * @throws RangeError if there are no points, or k < 1.
 * @example
 * import { createWeightEstimator, validationPoints } from 'counterweight/debias';
 *
 * const points = validationPoints({
 *   teacherProbabilities: Float32Array.of(0.6, 0.4, 0.9, 0.1),
 *   studentProbabilities: Float32Array.of(0.3, 0.7, 0.8, 0.2),
 *   labels: Int32Array.of(1, 0),
 *   classes: 2,
 *   targets: 'hard',
 * });
 * const options = { neighbors: 1, reading: 'ratioOfMeans', bounds: [0, 1] } as const;
 * const { weight } = createWeightEstimator(points, options).at(0.2, 0.4);
 * // The teacher is wrong on the nearest point: ln 0.7 / ln 0.3 = 0.296.
 */
export function createWeightEstimator(
  points: ValidationPoints,
  { neighbors = defaultNeighbors(points.wrong.length), reading, bounds }: WeightOptions,
): WeightEstimator {
  const { columns: columnsOf, inflation: inflationOf }: Reading = readings[reading];
  const columns = columnsOf(points);
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
      const inflation = inflationOf(means);
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

function floored(loss: number): number {
  return Math.max(loss, lossFloor);
}
