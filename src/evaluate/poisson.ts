/**
 * Poisson(1) counts: how often each bootstrap replicate of a stream contains an example.
 *
 * The counts of an example depend only on the seed and its index, so replicate r is always the same
 * resampling of the test set.
 */
import { randomFor } from '../data/random.ts';

/**
 * P(count ≤ c), c = 0, 1, …; ends with a 1 at the first c above which the remaining probability is
 * below the resolution of a draw.
 */
const cumulative = cumulativePoisson();

function cumulativePoisson(): Float64Array {
  const result: number[] = [];
  let probability = Math.exp(-1);
  let total = 0;
  for (let count = 0; total < 1 - 2 ** -32; count++) {
    total += probability;
    probability /= count + 1;
    result.push(total);
  }
  result[result.length - 1] = 1;
  return Float64Array.from(result);
}

/** Fills `counts`, [replicates], with the Poisson(1) counts of one example. */
export function poissonCounts(seed: number, exampleIndex: number, counts: Uint8Array): void {
  const random = randomFor(seed, exampleIndex);
  for (let r = 0; r < counts.length; r++) {
    const uniform = random();
    let count = 0;
    while (uniform >= cumulative[count]!) count++;
    counts[r] = count;
  }
}
