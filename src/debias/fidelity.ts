/**
 * The weight by what is known of the teacher near an example, after "Fidelity-Weighted Learning"
 * (Dehghani et al., ICLR 2018):
 *
 *   w(x) = exp(−β · u(x))
 *
 * There u is the variance of a Gaussian process that is fitted to the clean examples; here it is the
 * share of mistakes among the nearest validation points, so that it is compared with the debiasing
 * weight on the same evidence. β is 1, so a label that is surely wrong still counts 0.37.
 */
const beta = 1;

/** @param errorProbability p(x), in [0, 1]. */
export function fidelityWeight(errorProbability: number): number {
  return Math.exp(-beta * errorProbability);
}
