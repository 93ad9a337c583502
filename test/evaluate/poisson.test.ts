import { describe, expect, test } from 'vitest';
import { poissonCounts } from '../../src/evaluate/poisson.ts';

function countsOf(seed: number, exampleIndex: number, replicates: number): Uint8Array {
  const counts = new Uint8Array(replicates);
  poissonCounts(seed, exampleIndex, counts);
  return counts;
}

describe('poissonCounts', () => {
  test('has the shares of Poisson(1)', () => {
    const draws = 1_000_000;
    const shares = new Float64Array(256);
    for (let example = 0; example < 1000; example++) {
      for (const count of countsOf(1, example, draws / 1000)) shares[count]! += 1 / draws;
    }
    let probability = Math.exp(-1);
    for (let count = 0; count < 8; count++) {
      const standardError = Math.sqrt(probability / draws);
      expect(Math.abs(shares[count]! - probability)).toBeLessThan(4 * standardError);
      probability /= count + 1;
    }
  });

  test('depends on seed and example only', () => {
    expect(countsOf(1, 5, 100)).toEqual(countsOf(1, 5, 100));
    expect(countsOf(1, 5, 200).subarray(0, 100)).toEqual(countsOf(1, 5, 100));
    expect(countsOf(2, 5, 100)).not.toEqual(countsOf(1, 5, 100));
    expect(countsOf(1, 6, 100)).not.toEqual(countsOf(1, 5, 100));
  });

  test('examples are independent within a replicate', () => {
    // Covariance of the counts of neighbouring examples: 0 with a standard error of 1/√n.
    const n = 400_000;
    let products = 0;
    for (let example = 0; example < 400; example++) {
      const [first, second] = [countsOf(1, example, 1000), countsOf(1, example + 1, 1000)];
      for (let r = 0; r < 1000; r++) products += (first[r]! - 1) * (second[r]! - 1);
    }
    expect(Math.abs(products / n)).toBeLessThan(4 / Math.sqrt(n));
  });
});
