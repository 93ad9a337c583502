/**
 * How often the teacher is wrong, by its margin: the curve in the report that shows whether the
 * margin tells doubtful labels from sure ones.
 */
import type { Interval } from './schema.ts';
import { wilsonInterval } from './wilson.ts';

/** The validation examples whose margin is in [low, high]. */
export interface CurveBin {
  readonly low: number;
  readonly high: number;
  readonly count: number;
  /** Share of them on which the teacher is wrong, with its Wilson interval. */
  readonly errorRate: Interval;
}

/**
 * Bins of about equal count, from the smallest margin to the largest. Equal margins are never
 * parted, so that the order of the examples does not matter: many margins of exactly 1 make one
 * large bin, and there may be fewer bins than asked for.
 *
 * @param margins [n]
 * @param wrong [n], 1 where the teacher is wrong, else 0.
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
