import { sum } from '../arrays.ts';
import type { Config } from '../config/schema.ts';
import { count, counted, percent, percentagePoints } from '../format.ts';
import { encoderOf } from '../models/networks/index.ts';
import { mainMetric } from './main-metric.ts';
import type { RunMetrics } from './run-metrics.ts';
import { mainDifference } from './verdict.ts';

/** Maximum number of steps. */
const maxSteps = 5;
/** Smaller gains, as a share of the examples, are not worth a step. */
const minGain = 0.005;
/** With fewer labels, more labels usually help. */
const fewLabels = 2_000;
/** Differences known to less than this, as a share of the examples, are as good as exact. */
const smallestHalf = 0.00005;
/** Encoders for photos see little in smaller images, in pixels per side. */
const smallPhoto = 32;

interface Step {
  /** Rough estimate of what it would add to the main metric. */
  readonly gain: number;
  readonly text: string;
}

/**
 * Lists at most five steps that may improve the student, by expected gain. Each has a figure.
 *
 * @param config Default: unknown, so that no step is about the student's network.
 * @example
 * nextSteps(run)
 * // ['Label more examples of the class 9. The relabel student finds 24 of its 99 test examples …']
 */
export function nextSteps(run: RunMetrics, config?: Pick<Config, 'task' | 'student'>): string[] {
  const steps = [
    testSet(run),
    betterModel(run),
    lowestRecall(run),
    encoder(run, config),
    largerStudent(run),
    moreLabels(run),
    quarantine(run),
    moreTests(run),
  ];
  return steps
    .filter((step) => step !== undefined)
    .sort((a, b) => b.gain - a.gain)
    .slice(0, maxSteps)
    .map(({ text }) => text);
}

/** Without a test set, no figure can be trusted. */
function testSet({ evaluatedOn, metrics }: RunMetrics): Step | undefined {
  if (evaluatedOn === 'test') return undefined;
  const text = `Put labeled examples that are used for nothing else into test/. The figures are on ${counted(metrics.examples, 'example')} that the students have learned.`;
  return { gain: 1, text };
}

/** Another student or a model of the labels alone may be clearly better. */
function betterModel(run: RunMetrics): Step | undefined {
  const student = run.students[0]!.variant;
  const { more } = mainMetric(run.metrics);
  const better = Object.keys(run.metrics.models)
    .filter((name) => name !== student && name !== 'teacher' && name !== 'current')
    .flatMap((name) => {
      const difference = mainDifference(run.metrics, name, student);
      return difference && difference.low > 0 ? [{ name, gain: difference.value }] : [];
    })
    .sort((a, b) => b.gain - a.gain)[0];
  if (!better) return undefined;
  const text = `Use ${better.name}, in runs/${run.run}/students/${better.name}/: it is ${percentagePoints(better.gain)} percentage points ${more} than the ${student} student.`;
  return { gain: better.gain, text };
}

/** The gain if the class with the lowest recall were found as often as the others. */
function lowestRecall({ classes, metrics, students, evaluatedOn }: RunMetrics): Step | undefined {
  const student = students[0]!.variant;
  const nouns = mainMetric(metrics);
  const { recall = [], macroRecall } = metrics.models[student] ?? {};
  const total = sum(metrics.support);
  const lowest = recall
    .flatMap((figure, index) => {
      const examples = metrics.support[index]!;
      if (!figure || !macroRecall || figure.high >= macroRecall.value) return [];
      const gain = ((macroRecall.value - figure.value) * examples) / total;
      return [{ index, examples, value: figure.value, gain }];
    })
    .sort((a, b) => a.value - b.value)[0];
  if (!lowest || !macroRecall || lowest.gain < minGain) return undefined;
  const name = classes[lowest.index];
  const text = `Label more examples of the ${nouns.oneClass} ${name}. The ${student} student finds ${count(lowest.value * lowest.examples)} of its ${counted(lowest.examples, `${evaluatedOn} example`)} (${percent(lowest.value)}; mean of all ${nouns.classes}: ${percent(macroRecall.value)}).`;
  return { gain: lowest.gain, text };
}

/** Pretrained features are worth more than corrections, the more so with few labels. */
function encoder(
  { labels }: RunMetrics,
  config: Pick<Config, 'task' | 'student'> | undefined,
): Step | undefined {
  const known = labels.labeled + labels.validation;
  if (!config || known >= fewLabels || !mayNeedEncoder(config)) return undefined;
  const text = `Try a pretrained encoder (student.encoder, and teacher.train.encoder if the teacher is trained). The student starts from random weights, and there are only ${counted(known, 'label')}.`;
  return { gain: 0.1, text };
}

/** Returns whether the student starts from random weights and reads texts, or colour photos. */
function mayNeedEncoder({ task, student }: Pick<Config, 'task' | 'student'>): boolean {
  const startsFromWeights = 'weights' in student && student.weights !== 'random';
  if (encoderOf(student) !== undefined || startsFromWeights) return false;
  if (!('size' in task)) return 'maxCharacters' in task;
  return task.channels === 3 && Math.min(...task.size) >= smallPhoto;
}

/** Half of the distance to a better teacher is a usual gain of a larger or longer training. */
function largerStudent(run: RunMetrics): Step | undefined {
  const student = run.students[0]!.variant;
  const difference = mainDifference(run.metrics, 'teacher', student);
  if (!difference || difference.low <= 0) return undefined;
  const text = `Train the student for more epochs, or use a larger one: the teacher is ${percentagePoints(difference.value)} percentage points ${mainMetric(run.metrics).more}.`;
  return { gain: difference.value / 2, text };
}

/** More labels improve a teacher that is trained here, and all that follows from it. */
function moreLabels({ labels, metrics, labelNext, run }: RunMetrics): Step | undefined {
  const known = labels.labeled + labels.validation;
  if (known >= fewLabels || labelNext.length === 0) return undefined;
  const { name, noun } = mainMetric(metrics);
  const figure = metrics.models.teacher?.[name];
  if (!figure) return undefined;
  const text = `Label the examples of runs/${run}/label-next.csv. There are ${counted(known, 'label')}, and the teacher's ${noun} is ${percent(figure.value)}.`;
  return { gain: (1 - figure.value) / 10, text };
}

/** Quarantined examples are lost for every model. */
function quarantine({ quarantined, quarantineReasons, labels }: RunMetrics): Step | undefined {
  if (quarantined === 0) return undefined;
  const all = quarantined + sum(Object.values(labels));
  const [reason] = quarantineReasons;
  const why = reason ? ` Most frequent reason: ${reason.reason}` : '';
  const text = `Fix the ${counted(quarantined, 'quarantined example')} (${percent(quarantined / all, 2)} of all).${why}`;
  return { gain: quarantined / all / 10, text };
}

/** If a difference may be chance, estimates how many test examples would show it. */
function moreTests(run: RunMetrics): Step | undefined {
  const [first, second] = run.students;
  if (!first || !second || run.evaluatedOn !== 'test') return undefined;
  const difference = mainDifference(run.metrics, first.variant, second.variant);
  if (!difference || difference.low > 0 || difference.high < 0) return undefined;
  const half = (difference.high - difference.low) / 2;
  // Both classify the same examples correctly; more examples would show the same.
  if (half < smallestHalf) return undefined;
  // The intervals of a bootstrap are not symmetric: this end is the one beyond 0.
  const end = difference.value < 0 ? difference.high : difference.low;
  const { examples } = run.metrics;
  const ratio = (difference.value - end) / difference.value;
  const needed = roundedUp(Math.max(examples * ratio ** 2, examples + 1));
  const much = needed < 1e6 ? ` About ${count(needed)} would show a difference of this size.` : '';
  const text = `Put more examples into test/. On ${count(examples)}, the difference between ${first.variant} and ${second.variant} is ${percentagePoints(difference.value)} ± ${percentagePoints(half)} percentage points.${much}`;
  return { gain: 0.0001, text };
}

/** Rounds up to one digit. @example roundedUp(1234) // 2000 */
function roundedUp(value: number): number {
  const unit = 10 ** Math.floor(Math.log10(value));
  return Math.ceil(Number((value / unit).toPrecision(6))) * unit;
}
