/**
 * Mixup (Zhang et al., ICLR 2018): each example of a batch is mixed with another one.
 *
 *   x~ = λ x_i + (1 − λ) x_j        λ ~ Beta(α, α), drawn per example
 *
 * The loss of x~ is λ w_i l(t_i, f(x~)) + (1 − λ) w_j l(t_j, f(x~)), with the examples' own targets
 * t and weights w. It is w~ l(t~, f(x~)), up to a constant, if l is cross-entropy or a squared
 * error:
 *
 *   w~ = λ w_i + (1 − λ) w_j        t~ = (λ w_i t_i + (1 − λ) w_j t_j) / w~
 *
 * The partners j are a permutation of the batch and λ is symmetric. So every example has, in
 * expectation, its own weight in the loss. In a multi-label task, each label has its own w~ and t~,
 * and λ is that of the example.
 */
import { numbersOf } from '../data/features/kind.ts';
import { type Random, randomFor, shuffledOrder } from '../data/random.ts';
import type { Batch } from './batch-shape.ts';

/** Separates these random numbers from those of the augmentation. */
const purpose = 0x6d6978;

/**
 * Mixes the examples of a batch.
 *
 * @param alpha α, above 0.
 * @param name seed, epoch and position of the batch, which determine the random numbers.
 * @returns the batch, whose teacher margins are NaN: a mixed example has none.
 */
export function mixBatch(batch: Batch, alpha: number, ...name: readonly number[]): Batch {
  const { size, targets, weights } = batch;
  const perExample = weights.length / size;
  const values = numbersOf(batch.rows);
  const random = randomFor(purpose, ...name);
  const partners = shuffledOrder(size, random);
  const mixedValues = new Float32Array(values.length);
  const mixed: Batch = {
    size,
    rows: { n: size, values: mixedValues },
    targets: new Float32Array(targets.length),
    teacherMargins: new Float32Array(weights.length).fill(Number.NaN),
    weights: new Float32Array(weights.length),
  };
  for (let i = 0; i < size; i++) {
    const j = partners[i]!;
    const share = symmetricBeta(alpha, random);
    mixRow(values, i, j, share, mixedValues, size);
    for (let decision = 0; decision < perExample; decision++) {
      const [a, b] = [i * perExample + decision, j * perExample + decision];
      const [own, other] = [share * weights[a]!, (1 - share) * weights[b]!];
      const weight = own + other;
      mixed.weights[a] = weight;
      // Without weight any target will do, but it must be a distribution.
      mixRow(targets, a, b, weight > 0 ? own / weight : share, mixed.targets, weights.length);
    }
  }
  return mixed;
}

/** Writes share · row i + (1 − share) · row j of `values`, [rows, …], to row i of `result`. */
function mixRow(
  values: Float32Array,
  i: number,
  j: number,
  share: number,
  result: Float32Array,
  rows: number,
): void {
  const length = values.length / rows;
  const rest = 1 - share;
  for (let k = 0, own = i * length, other = j * length; k < length; k++, own++, other++) {
    result[own] = share * values[own]! + rest * values[other]!;
  }
}

/**
 * Draws from Beta(α, α), exactly and for any α > 0: if T has Student's t distribution with 2α
 * degrees of freedom, (1 + T / √(2α + T²)) / 2 has this one. T is drawn by the polar method (Bailey
 * 1994, "Polar generation of random variates with the t-distribution").
 */
export function symmetricBeta(alpha: number, random: Random): number {
  const radius = (1 - random()) ** (-1 / alpha) - 1;
  const cosine = Math.cos(2 * Math.PI * random());
  // T² / 2α; infinite if α is small, and then the result is 0 or 1.
  const square = radius * cosine * cosine;
  return (1 + Math.sign(cosine) * Math.sqrt(1 / (1 + 1 / square))) / 2;
}
