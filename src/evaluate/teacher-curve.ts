import type { Interval } from './schema.ts';
import { wilsonInterval } from './wilson.ts';

/** Validation examples with a margin in [low, high]. */
export interface CurveBin {
  readonly low: number;
  readonly high: number;
  readonly count: number;
  /** Share of them that the teacher misclassifies, with its Wilson interval. */
  readonly errorRate: Interval;
}

/**
 * Computes the teacher's error rate by its margin, which shows whether the margin separates
 * doubtful labels from sure ones.
 *
 * Bins have about equal counts, from the smallest margin to the largest. Equal margins are in one
 * bin, so that the order of the examples does not matter. Many margins of exactly 1 therefore make
 * one large bin, and there may be fewer than `bins` bins.
 *
 * @param margins [n]
 * @param wrong [n], 1 if the teacher is wrong, otherwise 0.
 */
export function teacherCurve(margins: Float32Array, wrong: Uint8Array, bins = 10): CurveBin[] {
  const n = margins.length;
  const order = Int32Array.from(margins, (_, i) => i).sort((a, b) => margins[a]! - margins[b]!);
  const curve: CurveBin[] = [];
  let start = 0;
  for (let bin = 1; bin <= bins; bin++) {
    let end = Math.max(start, Math.round((bin * n) / bins));
    while (end > start && end < n && margins[order[end]!] === margins[order[end - 1]!]) end++;
    if (end === start) continue;
    let mistakes = 0;
    for (let i = start; i < end; i++) mistakes += wrong[order[i]!]!;
    curve.push({
      low: margins[order[start]!]!,
      high: margins[order[end - 1]!]!,
      count: end - start,
      errorRate: wilsonInterval(mistakes, end - start),
    });
    start = end;
  }
  return curve;
}
