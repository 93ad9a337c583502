/**
 * Which of several methods is better than a safe one, by what their students say of n examples whose
 * labels they have not learned. All answer the same examples, so the differences are taken example by
 * example: the noise of easy and hard ones cancels.
 */
import type { MethodName } from './methods.ts';

/** A method, and the labels that its student learns from. */
export interface Candidate {
  readonly method: MethodName;
  readonly labels: 'soft' | 'hard';
}

/** Plain distillation, which the others have to be clearly better than. */
export const safe: Candidate = { method: 'uniform', labels: 'hard' };
export const others: readonly Candidate[] = [
  { method: 'uniform', labels: 'soft' },
  { method: 'weighted', labels: 'hard' },
  { method: 'correctness', labels: 'hard' },
  { method: 'slam', labels: 'soft' },
];

/**
 * Unlabeled examples that the students learn by which the methods are compared: enough to tell them
 * apart, few enough to be cheap.
 */
export const sampleExamples = 2000;

/** A method's gain over the safe one, with its 95 % interval. */
export interface Gain {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** The 97.5 % quantile of the standard normal distribution. */
const z95 = 1.959963984540054;

/**
 * How many standard errors a gain has to be above 0, where the best of `count` is taken: the quantile of
 * 1 − 0.05 / count (Bonferroni), so that one time in twenty at most a method is taken by chance alone.
 */
const bars = [1.645, 1.96, 2.128, 2.241, 2.326, 2.394];

/**
 * The method to take, by the mean of its losses.
 *
 * @param safe [n] losses of the safe method: log-losses, or 0 and 1 for right and wrong.
 * @param others [n] each; at most six.
 * @returns the place of the best of the others, undefined when none is clearly better; the gains of all;
 *   and the smallest gain that would have been seen.
 * @throws RangeError when the lengths differ.
 */
export function chooseBest(safe: ArrayLike<number>, others: readonly ArrayLike<number>[]) {
  const bar = bars[others.length - 1];
  if (bar === undefined) throw new RangeError(`expected 1 to 6 methods, got ${others.length}`);
  const estimates = others.map((losses) => pairedGain(safe, losses));
  let chosen: number | undefined;
  estimates.forEach(({ mean, error }, place) => {
    if (mean <= bar * error) return;
    if (chosen === undefined || mean > estimates[chosen]!.mean) chosen = place;
  });
  const gains = estimates.map(
    ({ mean, error }): Gain => ({ value: mean, low: mean - z95 * error, high: mean + z95 * error }),
  );
  const smallest = bar * Math.max(...estimates.map(({ error }) => error));
  return { chosen, gains, smallest };
}

function pairedGain(safe: ArrayLike<number>, losses: ArrayLike<number>) {
  const n = safe.length;
  if (losses.length !== n) throw new RangeError(`expected ${n} losses, got ${losses.length}`);
  let sum = 0;
  for (let i = 0; i < n; i++) sum += safe[i]! - losses[i]!;
  const mean = sum / n;
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (safe[i]! - losses[i]! - mean) ** 2;
  return { mean, error: n > 1 ? Math.sqrt(squares / (n - 1) / n) : Number.POSITIVE_INFINITY };
}
