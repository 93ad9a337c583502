/**
 * Judges a teacher of a multi-label task on examples whose labels it has not learned: the share of
 * right decisions, one per example and label.
 *
 * The decisions of an example depend on each other, so that the interval must not count them as
 * independent. It is the Wilson interval of n_eff decisions, the number of independent ones that
 * would have the variance of the mean over examples (the effective sample size of survey
 * statistics, as in `debias/right-labels.ts`).
 */
import { clamp, sum } from '../arrays.ts';
import { counted, percent } from '../format.ts';
import type { Interval } from './schema.ts';
import type { TeacherMeter } from './teacher-meter.ts';
import { wilsonInterval } from './wilson.ts';

/**
 * Creates an accumulator.
 *
 * @param advice What to do about a teacher that is not worth distilling.
 */
export function createLabelMeter(labels: number, advice: string): TeacherMeter {
  /** Examples that have each label. */
  const support = new Int32Array(labels);
  let examples = 0;
  let right = 0;
  let squares = 0;
  return {
    add(decided, predictions) {
      let own = 0;
      for (let label = 0; label < labels; label++) {
        support[label]! += decided[label]!;
        if (decided[label] === predictions[label]) own++;
      }
      examples++;
      right += own;
      squares += own ** 2;
    },
    result() {
      if (examples === 0) return undefined;
      const decisions = examples * labels;
      const accuracy = clusteredInterval(right, squares, examples, labels);
      const frequent = Array.from(support, (count) => Math.max(count, examples - count));
      const doubt = doubtOf(accuracy, decisions, sum(frequent) / decisions);
      return { examples, decisions, accuracy, warnings: doubt ? [`${doubt} ${advice}`] : [] };
    },
  };
}

/**
 * Computes the interval of the share of right decisions.
 *
 * @param squares Σ (right decisions of an example)²
 */
function clusteredInterval(
  right: number,
  squares: number,
  examples: number,
  labels: number,
): Interval {
  const decisions = examples * labels;
  const share = right / decisions;
  const variance = (squares - right ** 2 / examples) / Math.max(examples - 1, 1) / labels ** 2;
  const independent = (share * (1 - share) * examples) / variance;
  // Without variance, nothing shows that the decisions depend on each other.
  const effective = clamp(Number.isNaN(independent) ? decisions : independent, 1, decisions);
  const { low, high } = wilsonInterval(share * effective, effective);
  return { value: share, low, high };
}

/**
 * Returns why a teacher may not be worth distilling, or undefined if no reason is found.
 *
 * @param frequent Share of right decisions of a model that always gives the more frequent answer.
 */
function doubtOf(
  { value, low, high }: Interval,
  decisions: number,
  frequent: number,
): string | undefined {
  if (value > frequent || frequent === 1) return undefined;
  return `The teacher is right on ${percent(value)} (${percent(low)} to ${percent(high)}) of ${counted(decisions, 'decision')} about labels, which is no better than always giving the more frequent answer to each label (${percent(frequent)}).`;
}
