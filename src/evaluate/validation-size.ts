/**
 * Checks whether there are enough labels to estimate the teacher's error rate by margin. Compares
 * the error rates on the third with the smallest margins and the third with the largest, with
 * Wilson intervals. Half an interval is about z √(s(1 − s)/n), so four times as many labels halve
 * it.
 */
import type { Decisions } from '../debias/decisions.ts';
import { count, percent } from '../format.ts';
import { type CurveBin, teacherCurve } from './teacher-curve.ts';
import { wilsonInterval } from './wilson.ts';

/** Error rates of the teacher on thirds of the validation set. */
export interface ValidationSize {
  readonly examples: number;
  /** From the smallest margins to the largest; fewer than three if many margins are equal. */
  readonly thirds: readonly CurveBin[];
  /** Whether the first interval lies above the last: the margin separates doubtful from sure. */
  readonly isEnough: boolean;
}

/** Numbers of additional labels whose effect is shown. */
const steps = [50, 500];

/**
 * Measures whether the validation set is large enough.
 * @param margins the teacher's, [n], n ≥ 1.
 * @param wrong [n], 1 if the teacher is wrong, otherwise 0.
 */
export function validationSize(margins: Float32Array, wrong: Uint8Array): ValidationSize {
  const thirds = teacherCurve(margins, wrong, 3);
  const [first, last] = [thirds[0]!.errorRate, thirds.at(-1)!.errorRate];
  return { examples: margins.length, thirds, isEnough: first.low > last.high };
}

/** Describes the result for the user. In a multi-label task it counts decisions. */
export function describeValidationSize(
  { examples, thirds, isEnough }: ValidationSize,
  decisions: Decisions,
): string {
  const unit = decisions.isMultiLabel ? 'decisions' : 'labels';
  const [first, last] = [thirds[0]!, thirds.at(-1)!];
  const rate = ({ errorRate: { value, low, high } }: CurveBin) =>
    `${percent(value, 0)} (${percent(low, 0)} to ${percent(high, 0)})`;
  const found = isEnough
    ? `its margin shows which ${unit} are doubtful.`
    : 'there are too few labels to know whether its margin shows which are doubtful.';
  return (
    `The teacher is wrong on ${rate(first)} of the third of ${count(examples)} ${unit} with the ` +
    `smallest margins, and on ${rate(last)} of the third with the largest: ${found} ` +
    `The first error rate is known to ${knownTo(examples, first.errorRate.value, decisions)}.`
  );
}

/** With fewer labels, the correction has lost accuracy in an experiment: 20 labels of spam. */
const fewLabels = 50;

/** Describes the worst case before the labels are evaluated: an error rate of one half. */
export function expectValidationSize(examples: number): string {
  const known = `the teacher's error rate by margin will be known to ${knownTo(examples, 0.5)}, or better`;
  if (examples >= fewLabels) return known;
  return `${known}. With fewer than ${fewLabels} labels, the correction can be worse than plain distillation: see docs/evidence.md`;
}

/**
 * Describes the uncertainty of a third's error rate, with these labels or decisions and with more.
 */
function knownTo(measured: number, errorRate: number, decisions?: Decisions): string {
  const { perExample = 1, isMultiLabel = false } = decisions ?? {};
  const half = (labels: number) => {
    const n = labels / 3;
    const { low, high } = wilsonInterval(errorRate * n, n);
    return `±${percent((high - low) / 2, 0)}`;
  };
  const [few, many] = steps.map((more) => half(measured + more * perExample));
  return `${half(measured)} (with 50 more ${isMultiLabel ? 'labeled examples' : 'labels'} to ${few}, with 500 more to ${many})`;
}
