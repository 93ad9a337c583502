/**
 * The weight by the teacher's error rate near an example, after "Fidelity-Weighted Learning"
 * (Dehghani et al., ICLR 2018):
 *
 *   w(x) = exp(−β · u(x))
 *
 * In the paper u is the variance of a Gaussian process fitted to the clean examples. Here u is the
 * share of mistakes among the nearest validation points, as in the debiasing weight. β is 1, so a
 * label that is certainly wrong still has the weight 0.37.
 */
import { clamp } from '../arrays.ts';
import type { Method } from './method.ts';
import type { ValidationPoints } from './validation.ts';
import { createWeightEstimator, type WeightOptions } from './weights.ts';

const beta = 1;

export const fidelity = {
  name: 'fidelity',
  labels: 'either',
  needs: ['validation'],
  excludes: ['mixup'],
  correct(points: ValidationPoints, { weights: options }: { readonly weights: WeightOptions }) {
    const estimator = createWeightEstimator(points, options);
    const [low, high] = options.bounds;
    return {
      weigh(teacherMargins: Float32Array, studentMargins: Float32Array, weights: Float32Array) {
        const errorProbabilities = new Float32Array(weights.length);
        estimator.estimate(teacherMargins, studentMargins, { weights, errorProbabilities });
        for (const [i, p] of errorProbabilities.entries()) {
          if (Number.isNaN(teacherMargins[i])) continue;
          weights[i] = clamp(Math.exp(-beta * p), low, high);
        }
      },
    };
  },
} as const satisfies Method;
