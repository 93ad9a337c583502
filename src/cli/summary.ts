import { join } from 'node:path';
import { sum } from '../arrays.ts';
import type { RunSummary } from '../engines/embedded.ts';
import { confusionSentences } from '../evaluate/describe-confusion.ts';
import { describeTeachers } from '../evaluate/describe-mixture.ts';
import { isMultiLabel } from '../evaluate/main-metric.ts';
import { reasonLines } from '../evaluate/quarantine-reasons.ts';
import { type RunMetrics, sizeOf } from '../evaluate/run-metrics.ts';
import type { Interval, Metrics } from '../evaluate/schema.ts';
import { describeAccuracy } from '../evaluate/teacher-judgement.ts';
import { caveats, distillationVerdict, verdict } from '../evaluate/verdict.ts';
import { bytes, count, counted, duration, fixed, percent } from '../format.ts';
import { predictLines } from './predict-lines.ts';
import { alignedRows, styled, type Terminal } from './terminal.ts';

/**
 * Summarizes a finished run: the figures, the verdicts, the report, and how to use the student.
 * @param dataset Location of the dataset as the user gave it.
 */
export function renderSummary(summary: RunSummary, terminal: Terminal, dataset: string): string {
  const { metrics, labelCache } = summary;
  const [head, ...rows] = alignedRows(figures(metrics));
  const warnings = [...caveats(metrics), ...metrics.warnings];
  const others = metrics.students.slice(1).map(({ variant }) => variant);
  const compared = (others.length > 0 ? others : [undefined]).map((other) =>
    verdict(metrics, other),
  );
  const verdicts = [distillationVerdict(metrics), ...compared].flatMap((one) =>
    one ? [styled(terminal, 'bold', one.headline), one.detail] : [],
  );
  const shards = `${count(labelCache.reused)} of ${counted(labelCache.shards, 'shard')}`;
  return [
    '',
    styled(terminal, 'dim', head!),
    ...rows,
    ...legend(metrics).map((text) => styled(terminal, 'dim', text)),
    ...(metrics.teachers ? ['', describeTeachers(metrics.teachers)] : []),
    ...(metrics.teacherAccuracy ? ['', describeAccuracy(metrics.teacherAccuracy)] : []),
    '',
    ...verdicts,
    ...confusionSentences(metrics, metrics.students[0]!.variant, 1),
    ...warnings.map((text) => `${styled(terminal, 'yellow', 'warning:')} ${text}`),
    '',
    ...quarantine(metrics),
    `labels: ${shards} from the cache`,
    `report: ${locate(summary, summary.report)}`,
    `student: ${locate(summary, summary.student)}`,
    `${summary.published ? 'published' : 'not published'}: ${summary.publication}`,
    '',
    `Done in ${duration(summary.seconds)}. Open the report in a browser.`,
    ...predictLines(
      locate(summary, summary.student).replace(/\/$/, ''),
      // Every dataset has unlabeled examples; not every one has test examples.
      `${dataset.replace(/\/$/, '')}/${metrics.evaluatedOn === 'test' ? 'test' : 'unlabeled'}`,
    ),
  ].join('\n');
}

/** States how many examples could not be used, and why. */
function quarantine({ labels, quarantined, quarantineReasons }: RunMetrics): string[] {
  if (quarantined === 0) return ['quarantined: none'];
  const all = quarantined + sum(Object.values(labels));
  const reasons = reasonLines(quarantineReasons).map((line) => `  ${line}`);
  return [`quarantined: ${count(quarantined)} of ${counted(all, 'example')}`, ...reasons];
}

/**
 * Lists one row per model: the teacher, the models of the labels alone, the comparison students,
 * then the config's student.
 */
function figures(run: RunMetrics): string[][] {
  const { metrics, students } = run;
  const variants = students.map(({ variant }) => variant).reverse();
  const others = Object.keys(metrics.models).filter((name) => !variants.includes(name));
  const columns = isMultiLabel(metrics) ? ofLabels : ofClasses;
  const rows = [...others, ...variants].flatMap((name) => {
    const model = metrics.models[name];
    if (!model) return [];
    const { bytes: size } = sizeOf(run, name);
    const sizeText = size === undefined ? '–' : bytes(size);
    return [[name, ...columns.map(({ show }) => show(model)), sizeText]];
  });
  return [['', ...columns.map(({ head }) => head), 'size'], ...rows];
}

/** Column of the table of figures. */
interface Column {
  readonly head: string;
  readonly show: (model: Metrics['models'][string]) => string;
}

const shared: Column[] = [
  { head: 'recall', show: ({ macroRecall }) => percent(macroRecall.value) },
  { head: 'F1', show: ({ macroF1 }) => percent(macroF1.value) },
];
const doubts: Column[] = [
  { head: 'log-loss', show: ({ logLoss }) => fixed(logLoss.value, 3) },
  { head: 'calibration', show: ({ calibrationError }) => percent(calibrationError.value) },
];

const ofClasses: Column[] = [
  { head: 'accuracy (95% interval)', show: ({ accuracy }) => withRange(accuracy) },
  ...shared,
  ...doubts,
];

const ofLabels: Column[] = [
  { head: 'micro F1 (95% interval)', show: ({ microF1 }) => withRange(microF1) },
  ...shared,
  { head: 'AP', show: ({ meanAveragePrecision: mean }) => percent(mean?.value ?? Number.NaN) },
  { head: 'exact', show: ({ exactMatch }) => percent(exactMatch?.value ?? Number.NaN) },
  ...doubts,
];

/** Explains the columns and the rows that are not students. */
function legend({ baselines, metrics }: RunMetrics): string[] {
  const measured = baselines.map(({ name }) => name).filter((name) => name in metrics.models);
  return [
    ...(isMultiLabel(metrics)
      ? [
          'recall, F1, AP (average precision): means over the labels; exact: all labels right',
          'log-loss, calibration (calibration error): over all decisions, smaller is better',
        ]
      : ['recall, F1: means over the classes; calibration: calibration error, smaller is better']),
    ...(measured.length > 1 ? [`${measured.join(', ')}: models of the labels alone`] : []),
    ...(measured.length === 1 ? [`${measured[0]}: a model of the labels alone`] : []),
  ];
}

function withRange(figure: Interval | undefined): string {
  if (figure === undefined) return '–';
  return `${percent(figure.value)} (${percent(figure.low)} to ${percent(figure.high)})`;
}

/** Returns the path or the s3:// URL of a key of the results. */
function locate({ results }: RunSummary, key: string): string {
  return results.startsWith('s3://') ? `${results.replace(/\/$/, '')}/${key}` : join(results, key);
}
