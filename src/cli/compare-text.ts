import type { RunComparison } from '../engines/compare-runs.ts';
import { mainMetric } from '../evaluate/main-metric.ts';
import { type RunMetrics, sizeOf } from '../evaluate/run-metrics.ts';
import { bytes, count, fixed, percent, percentagePoints, signedPoints } from '../format.ts';
import { alignedRows } from './terminal.ts';

/** Shows compared runs to people: figures, differences, and what the configs change. */
export function renderComparison({ runs, differences, settings }: RunComparison): string {
  const { name, noun } = mainMetric(runs[0]!.metrics);
  const head = ['', 'student', `${noun} (95% interval)`, 'recall', 'log-loss'];
  const sections = [
    alignedRows([[...head, 'size', 'teacher'], ...runs.map((run) => figures(run, name))]),
    differences.map((_, index) => differenceLine({ runs, differences, settings }, index)),
    settings.length === 0
      ? [
          'The configs are equal: the runs differ in their data, or in the version of counterweight.',
        ]
      : alignedRows([
          ['config', ...runs.map(({ run }) => run)],
          ...settings.map(({ field, values }) => [field, ...values.map(shown)]),
        ]),
  ];
  return [...sections, runs.flatMap(caveat)]
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

/** Warns of a run without a test set, whose figures cannot be compared with those of another. */
function caveat({ run, evaluatedOn }: RunMetrics): string[] {
  if (evaluatedOn === 'test') return [];
  return [
    `The figures of ${run} are on the ${evaluatedOn} set, on which its students were trained: they are too good.`,
  ];
}

/** Returns the row of a run: its student, and the accuracy of its teacher. */
function figures(run: RunMetrics, metric: 'accuracy' | 'microF1'): string[] {
  const { variant } = run.students[0]!;
  const model = run.metrics.models[variant]!;
  const { value, low, high } = model[metric]!;
  const { bytes: size } = sizeOf(run, variant);
  const teacher = run.metrics.models.teacher?.[metric];
  return [
    ...[run.run, variant, `${percent(value)} (${percent(low)} to ${percent(high)})`],
    ...[percent(model.macroRecall.value), fixed(model.logLoss.value, 3)],
    ...[size === undefined ? '–' : bytes(size), teacher ? percent(teacher.value) : '–'],
  ];
}

/** States by how much a run's student is better than that of the first run. */
function differenceLine({ runs, differences }: RunComparison, index: number): string {
  const [first, other] = [runs[0]!, runs[index + 1]!];
  const { more, less, equal } = mainMetric(first.metrics);
  const found = differences[index];
  if (!found) {
    return `There is no interval for ${other.run} and ${first.run}: their test examples differ, or an older version measured them.`;
  }
  const size = `${percentagePoints(Math.abs(found.value))} percentage points`;
  const distance =
    found.value === 0
      ? `${equal} that of ${first.run}`
      : `${size} ${found.value < 0 ? less : more} than that of ${first.run}`;
  const isClear = found.low > 0 || found.high < 0;
  const doubt = isClear ? 'which excludes 0' : 'which includes 0: it may be chance';
  return (
    `The student of ${other.run} is ${distance}. ` +
    `Paired on the same ${count(found.examples)} examples: 95% interval ` +
    `${signedPoints(found.low)} to ${signedPoints(found.high)}, ${doubt}.`
  );
}

/** Shows a value of a config; – if it is not set. */
function shown(value: unknown): string {
  if (value === undefined) return '–';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
