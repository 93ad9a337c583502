import { count, percent, percentagePoints, signedPoints } from '../format.ts';
import { mainMetric } from './main-metric.ts';
import type { RunMetrics } from './run-metrics.ts';
import type { Interval } from './schema.ts';

/** Result of a run in plain words; `better` only if the interval of the difference excludes 0. */
export interface Verdict {
  readonly outcome: 'better' | 'worse' | 'unclear' | 'alone';
  readonly headline: string;
  readonly detail: string;
}

/**
 * Names the best row besides the teacher, by accuracy or micro F1. Compares the first student with
 * the better of the baselines: whether distillation was worth more than the labels alone.
 *
 * @returns undefined if no baseline was measured.
 */
export function distillationVerdict(run: RunMetrics): Verdict | undefined {
  const { metrics, evaluatedOn } = run;
  const student = run.students[0]!.variant;
  const { name: metric, after, more: betterThan, equal: equalTo } = mainMetric(metrics);
  const baseline = bestOf(
    run,
    run.baselines.map(({ name }) => name),
  );
  const difference = baseline && mainDifference(metrics, student, baseline);
  if (!difference) return undefined;
  // If rows are equal, the first is the best: the config's student, then the baseline that it is
  // compared with.
  const others = Object.keys(metrics.models).filter((name) => name !== 'teacher');
  const best = bestOf(run, [student, baseline, ...others])!;
  const measured = run.baselines.filter(({ name }) => name in metrics.models);
  const first = `Best: ${best}, ${after.model} ${percent(metrics.models[best]![metric]!.value)} ${after.value} the ${evaluatedOn} set.`;
  const size = `${percentagePoints(Math.abs(difference.value))} percentage points`;
  const pair = `Paired on the same ${count(metrics.examples)} examples: 95% interval ${signedPoints(difference.low)} to ${signedPoints(difference.high)}`;
  const better = `the ${student} student is ${size} ${betterThan} than ${baseline}`;
  const worse = `${baseline}, a model of the labels alone, is ${size} ${betterThan} than the ${student} student`;
  if (difference.low > 0) {
    return {
      outcome: 'better',
      headline: `${first} Distillation helped: ${better}, ${measured.length > 1 ? 'the better' : 'a'} model of the labels alone.`,
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
  const equal = `the ${student} student is ${equalTo} ${baseline}, a model of the labels alone`;
  const more = difference.value < 0 ? worse : `${better}, a model of the labels alone`;
  return {
    outcome: 'unclear',
    headline: `${first} Distillation did not clearly help: ${difference.value === 0 ? equal : more}.`,
    detail: `${pair}, which includes 0: the difference may be chance.`,
  };
}

/** Returns the best of the measured models; of equal ones, the first. */
function bestOf({ metrics }: RunMetrics, names: readonly string[]): string | undefined {
  const metric = mainMetric(metrics).name;
  const figure = (name: string) => metrics.models[name]![metric]!.value;
  return names
    .filter((name) => name in metrics.models)
    .reduce<string | undefined>(
      (best, name) => (best === undefined || figure(name) > figure(best) ? name : best),
      undefined,
    );
}

/**
 * Compares the accuracy of the first student with that of another student; in a multi-label task,
 * its micro F1.
 *
 * @param baseline Its name. Default: the second student.
 */
export function verdict(
  { students, metrics, evaluatedOn }: RunMetrics,
  baseline = students[1]?.variant,
): Verdict {
  const student = students[0]?.variant ?? 'student';
  const { name: metric, after, more, less, equal } = mainMetric(metrics);
  const difference = baseline && mainDifference(metrics, student, baseline);
  if (!difference) {
    const value = metrics.models[student]?.[metric]?.value ?? Number.NaN;
    return {
      outcome: 'alone',
      headline: `The ${student} student ${after.verb} ${percent(value)} ${after.value} the ${evaluatedOn} set.`,
      detail:
        'No other student was trained. compare: [uniform] trains the student of plain distillation.',
    };
  }
  const pair = `on the same ${count(metrics.examples)} ${evaluatedOn} examples`;
  const interval = `95% interval ${signedPoints(difference.low)} to ${signedPoints(difference.high)}`;
  const size = `${percentagePoints(Math.abs(difference.value))} percentage points`;
  if (difference.value === 0) {
    return {
      outcome: 'unclear',
      headline: `The ${student} student is ${equal} the ${baseline} one.`,
      detail: `Paired ${pair}: ${interval}.`,
    };
  }
  if (difference.low > 0) {
    return {
      outcome: 'better',
      headline: `The ${student} student is ${size} ${more} than the ${baseline} one.`,
      detail: `Paired ${pair}: ${interval}, which excludes 0.`,
    };
  }
  if (difference.high < 0) {
    return {
      outcome: 'worse',
      headline: `The ${student} student is ${size} ${less} than the ${baseline} one.`,
      detail: `Paired ${pair}: ${interval}. On this data, prefer ${baseline}.`,
    };
  }
  const direction = difference.value < 0 ? less : more;
  return {
    outcome: 'unclear',
    headline: `No clear difference between the ${student} student and the ${baseline} one.`,
    detail:
      `The ${student} student is ${size} ${direction} ${pair}, but that may be chance: ` +
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

/**
 * Compares the first student with its teacher.
 *
 * @returns undefined if the teacher was not measured.
 */
export function teacherVerdict(run: RunMetrics): Verdict | undefined {
  const { students, metrics, evaluatedOn } = run;
  const student = students[0]!.variant;
  const difference = mainDifference(metrics, student, 'teacher');
  if (!difference) return undefined;
  const { more, less, equal } = mainMetric(metrics);
  const size = `${percentagePoints(Math.abs(difference.value))} percentage points`;
  const detail = `Paired on the same ${count(metrics.examples)} ${evaluatedOn} examples: 95% interval ${signedPoints(difference.low)} to ${signedPoints(difference.high)}`;
  if (difference.low <= 0 && difference.high >= 0) {
    return {
      outcome: 'unclear',
      headline: `No clear difference between the ${student} student and its teacher.`,
      detail: `The student is ${difference.value === 0 ? `${equal} the teacher` : `${size} ${difference.value < 0 ? less : more}`}. ${detail}, which includes 0: the difference may be chance.`,
    };
  }
  return {
    outcome: difference.low > 0 ? 'better' : 'worse',
    headline: `The ${student} student is ${size} ${difference.low > 0 ? more : less} than its teacher.`,
    detail: `${detail}, which excludes 0.`,
  };
}

/** Subtracts the main metric of a model from that of another; undefined if one has none. */
export function mainDifference(
  metrics: RunMetrics['metrics'],
  student: string,
  baseline: string,
): Interval | undefined {
  const { name } = mainMetric(metrics);
  for (const { a, b, metric, value, low, high } of metrics.differences) {
    if (metric !== name) continue;
    if (a === student && b === baseline) return { value, low, high };
    if (a === baseline && b === student) return { value: -value, low: -high, high: -low };
  }
  return undefined;
}
