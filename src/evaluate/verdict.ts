import { count, percent, percentagePoints, signedPoints } from '../format.ts';
import type { RunMetrics } from './run-metrics.ts';
import type { Interval } from './schema.ts';

/** Result of a run in plain words; `better` only if the interval of the difference excludes 0. */
export interface Verdict {
  readonly outcome: 'better' | 'worse' | 'unclear' | 'alone';
  readonly headline: string;
  readonly detail: string;
}

/**
 * Names the most accurate row besides the teacher, and compares the first student with the better
 * of the baselines: whether distillation was worth more than the labels alone.
 *
 * @returns undefined if no baseline was measured.
 */
export function distillationVerdict(run: RunMetrics): Verdict | undefined {
  const { metrics, evaluatedOn } = run;
  const student = run.students[0]!.variant;
  const baseline = mostAccurate(
    run,
    run.baselines.map(({ name }) => name),
  );
  const difference = baseline && accuracyDifference(metrics.differences, student, baseline);
  if (!difference) return undefined;
  // If rows are equal, the config's student is the best.
  const others = Object.keys(metrics.models).filter((name) => name !== 'teacher');
  const best = mostAccurate(run, [student, ...others])!;
  const first = `Best: ${best}, right on ${percent(metrics.models[best]!.accuracy.value)} of the ${evaluatedOn} set.`;
  const size = `${percentagePoints(Math.abs(difference.value))} percentage points`;
  const pair = `Paired on the same ${count(metrics.examples)} examples: 95% interval ${signedPoints(difference.low)} to ${signedPoints(difference.high)}`;
  const better = `the ${student} student is ${size} more accurate than ${baseline}`;
  const worse = `${baseline}, a model of the labels alone, is ${size} more accurate than the ${student} student`;
  if (difference.low > 0) {
    return {
      outcome: 'better',
      headline: `${first} Distillation helped: ${better}, the better model of the labels alone.`,
      detail: `${pair}, which excludes 0.`,
    };
  }
  if (difference.high < 0) {
    return {
      outcome: 'worse',
      headline: `${first} Distillation did not help: ${worse}.`,
      detail: `${pair}. The files of ${baseline} are in runs/${run.run}/students/${baseline}/.`,
    };
  }
  const equal = `the ${student} student is as accurate as ${baseline}, a model of the labels alone`;
  const more = difference.value < 0 ? worse : `${better}, a model of the labels alone`;
  return {
    outcome: 'unclear',
    headline: `${first} Distillation did not clearly help: ${difference.value === 0 ? equal : more}.`,
    detail: `${pair}, which includes 0: the difference may be chance.`,
  };
}

/** Returns the measured model with the highest accuracy; of equal ones, the first. */
function mostAccurate({ metrics }: RunMetrics, names: readonly string[]): string | undefined {
  const accuracy = (name: string) => metrics.models[name]!.accuracy.value;
  return names
    .filter((name) => name in metrics.models)
    .reduce<string | undefined>(
      (best, name) => (best === undefined || accuracy(name) > accuracy(best) ? name : best),
      undefined,
    );
}

/**
 * Compares the accuracy of the first student with that of another student.
 *
 * @param baseline Its name. Default: the second student.
 */
export function verdict(
  { students, metrics, evaluatedOn }: RunMetrics,
  baseline = students[1]?.variant,
): Verdict {
  const student = students[0]?.variant ?? 'student';
  const difference = baseline && accuracyDifference(metrics.differences, student, baseline);
  if (!difference) {
    const accuracy = metrics.models[student]?.accuracy.value ?? Number.NaN;
    return {
      outcome: 'alone',
      headline: `The ${student} student is right on ${percent(accuracy)} of the ${evaluatedOn} set.`,
      detail:
        'No other student was trained. compare: [uniform] trains the student of plain distillation.',
    };
  }
  const pair = `on the same ${count(metrics.examples)} ${evaluatedOn} examples`;
  const interval = `95% interval ${signedPoints(difference.low)} to ${signedPoints(difference.high)}`;
  const size = `${percentagePoints(Math.abs(difference.value))} percentage points`;
  if (difference.low > 0) {
    return {
      outcome: 'better',
      headline: `The ${student} student is ${size} more accurate than the ${baseline} one.`,
      detail: `Paired ${pair}: ${interval}, which excludes 0.`,
    };
  }
  if (difference.high < 0) {
    return {
      outcome: 'worse',
      headline: `The ${student} student is ${size} less accurate than the ${baseline} one.`,
      detail: `Paired ${pair}: ${interval}. On this data, prefer ${baseline}.`,
    };
  }
  const direction = difference.value < 0 ? 'less' : 'more';
  return {
    outcome: 'unclear',
    headline: `No clear difference between the ${student} student and the ${baseline} one.`,
    detail:
      `The ${student} student is ${size} ${direction} accurate ${pair}, but that may be chance: ` +
      `the ${interval} includes 0.`,
  };
}

/** Lists the caveats of a run without a test set. */
export function caveats({ evaluatedOn }: Pick<RunMetrics, 'evaluatedOn'>): string[] {
  if (evaluatedOn === 'test') return [];
  return [
    `These figures are on the ${evaluatedOn} set, from which the weights were estimated and on ` +
      'which the students were trained. They are too good for every student. For honest figures, ' +
      'put labeled examples that are used for nothing else into test/.',
  ];
}

function accuracyDifference(
  differences: RunMetrics['metrics']['differences'],
  student: string,
  baseline: string,
): Interval | undefined {
  for (const { a, b, metric, value, low, high } of differences) {
    if (metric !== 'accuracy') continue;
    if (a === student && b === baseline) return { value, low, high };
    if (a === baseline && b === student) return { value: -value, low: -high, high: -low };
  }
  return undefined;
}
