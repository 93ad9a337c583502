/**
 * Whether there are enough labels to tell where the teacher errs: its error rate on the third of them
 * with the smallest margins and on that with the largest, with Wilson's intervals. And what more
 * labels would buy: an interval's half is about z √(s(1 − s)/n), so four times the labels halve it.
 */
import { count, percent } from '../format.ts';
import { type CurveBin, teacherCurve } from './teacher-curve.ts';
import { wilsonInterval } from './wilson.ts';

export interface ValidationSize {
  readonly examples: number;
  /** From the smallest margins to the largest; fewer than three where many margins are equal. */
  readonly thirds: readonly CurveBin[];
  /** Whether the first interval lies above the last, so that the margin tells doubtful from sure. */
  readonly isEnough: boolean;
}

/** Labels more, that are looked at. */
const steps = [50, 500];

/**
 * @param margins the teacher's, [n], n ≥ 1.
 * @param wrong [n], 1 where the teacher is wrong, else 0.
 */
export function validationSize(margins: Float32Array, wrong: Uint8Array): ValidationSize {
  const thirds = teacherCurve(margins, wrong, 3);
  const [first, last] = [thirds[0]!.errorRate, thirds.at(-1)!.errorRate];
  return { examples: margins.length, thirds, isEnough: first.low > last.high };
}

/** In words, for the user. */
export function describeValidationSize({ examples, thirds, isEnough }: ValidationSize): string {
  const [first, last] = [thirds[0]!, thirds.at(-1)!];
  const rate = ({ errorRate: { value, low, high } }: CurveBin) =>
    `${percent(value, 0)} (${percent(low, 0)} to ${percent(high, 0)})`;
  const found = isEnough
    ? 'its margin tells which labels to doubt.'
    : 'too few labels to say whether its margin tells which to doubt.';
  return (
    `The teacher is wrong on ${rate(first)} of the third of ${count(examples)} labels with the ` +
    `smallest margins, and on ${rate(last)} of that with the largest: ${found} ` +
    `The first is known to ${knownTo(examples, first.errorRate.value)}.`
  );
}

/** Before the teacher has seen the labels: the worst case, in which it is wrong on every other one. */
export function expectValidationSize(examples: number): string {
  return `the teacher's error rate by margin will be known to ${knownTo(examples, 0.5)}, or better`;
}

/** How far an error rate of a third of the labels may be off, with these labels and with more. */
function knownTo(examples: number, errorRate: number): string {
  const half = (labels: number) => {
    const n = labels / 3;
    const { low, high } = wilsonInterval(errorRate * n, n);
    return `±${percent((high - low) / 2, 0)}`;
  };
  const [few, many] = steps.map((more) => half(examples + more));
  return `${half(examples)} (with 50 labels more to ${few}, with 500 more to ${many})`;
}
