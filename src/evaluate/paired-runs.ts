/**
 * Difference of two runs' students on the same test examples, with a 95 % interval.
 *
 * Accuracy and micro F1 are both a ratio of sums over the examples:
 *
 *   accuracy   Σ 1[prediction = truth] / Σ 1
 *   micro F1   Σ 2 |predicted ∩ true| / Σ (|predicted| + |true|)
 *
 * The interval is that of a Poisson bootstrap (`poisson.ts`), paired as in `metrics.ts`.
 */
import type { PredictionRow } from '../data/tables/predictions-file.ts';
import { type Figure, minus, percentileInterval } from './figure.ts';
import type { MainMetric } from './main-metric.ts';
import { replicates } from './model-sums.ts';
import { poissonCounts } from './poisson.ts';
import type { Interval } from './schema.ts';

/** Seed of the bootstrap: the same predictions always give the same interval. */
const seed = 1;

export interface PairedDifference extends Interval {
  readonly examples: number;
}

/**
 * Subtracts the metric of the second student from that of the first.
 *
 * @returns undefined if the examples differ, in their ids, true classes, number or order.
 */
export async function pairedDifference(
  first: AsyncGenerator<PredictionRow>,
  second: AsyncGenerator<PredictionRow>,
  metric: MainMetric['name'],
): Promise<PairedDifference | undefined> {
  const sums = [createRatio(), createRatio()] as const;
  const counts = new Uint8Array(replicates);
  let examples = 0;
  try {
    for (;;) {
      const [a, b] = await Promise.all([first.next(), second.next()]);
      if (a.done && b.done) break;
      if (a.done || b.done || !isSame(a.value, b.value)) return undefined;
      poissonCounts(seed, examples++, counts);
      for (const [index, { value }] of [a, b].entries()) {
        addTo(sums[index]!, termsOf(value, metric), counts);
      }
    }
  } finally {
    await Promise.all([first.return(undefined), second.return(undefined)]);
  }
  if (examples === 0) return undefined;
  return {
    examples,
    ...percentileInterval(minus(figureOf(sums[0], metric), figureOf(sums[1], metric))),
  };
}

function isSame(a: PredictionRow, b: PredictionRow): boolean {
  return a.id === b.id && JSON.stringify(a.truth) === JSON.stringify(b.truth);
}

/** Terms of one example in the two sums of a metric. */
interface Terms {
  readonly over: number;
  readonly under: number;
}

function termsOf({ truth, predicted }: PredictionRow, metric: MainMetric['name']): Terms {
  const shared = predicted.filter((name) => truth.includes(name)).length;
  return metric === 'accuracy'
    ? { over: shared, under: 1 }
    : { over: 2 * shared, under: predicted.length + truth.length };
}

/** Sums over the examples so far: in total, and in each replicate. */
interface Ratio {
  over: number;
  under: number;
  readonly overBy: Float64Array;
  readonly underBy: Float64Array;
}

function createRatio(): Ratio {
  const empty = () => new Float64Array(replicates);
  return { over: 0, under: 0, overBy: empty(), underBy: empty() };
}

function addTo(sums: Ratio, { over, under }: Terms, counts: Uint8Array): void {
  sums.over += over;
  sums.under += under;
  for (let r = 0; r < replicates; r++) {
    sums.overBy[r]! += counts[r]! * over;
    sums.underBy[r]! += counts[r]! * under;
  }
}

function figureOf({ over, under, overBy, underBy }: Ratio, metric: MainMetric['name']): Figure {
  // A replicate may be empty: then it has no accuracy, and its F1 is 0.
  const ofNothing = metric === 'accuracy' ? Number.NaN : 0;
  const divide = (sum: number, by: number) => (by === 0 ? ofNothing : sum / by);
  return { value: divide(over, under), by: overBy.map((sum, r) => divide(sum, underBy[r]!)) };
}
