/** The model card of a student: what it is, how good it is, and how to use it. */
import type { Config } from '../../config/schema.ts';
import { bytes, count, counted, fixed, percent } from '../../format.ts';
import type { EncoderDescription } from '../../models/encoders/encoder.ts';
import { allExporters } from '../../models/exporters.ts';
import { confusionSentences } from '../describe-confusion.ts';
import { mainMetric } from '../main-metric.ts';
import type { ExportRecord, RunMetrics } from '../run-metrics.ts';
import type { Interval } from '../schema.ts';
import { caveats, mainDifference } from '../verdict.ts';
import type { CardFacts } from './facts.ts';
import { plain, table } from './markdown.ts';
import { trainingLines } from './training.ts';
import { usageSections } from './usage.ts';

/** Maximum number of classes in the table of classes. */
const maxClasses = 100;

type MadeExport = Exclude<ExportRecord, { leftOut: string }>;

/** Renders the card as Markdown. */
export function renderCard(facts: CardFacts): string {
  const { run, student, description } = facts;
  const verb = description.multiLabel ? 'predicts the labels of' : 'classifies';
  const sections = [
    `# ${plain(run.dataset)}: student ${student}`,
    `This model ${verb} ${nouns[facts.config.task.type]}. It was trained by distillation, in the run \`${run.run}\`.`,
    ...usageSections(facts),
    '## Figures',
    ...figures(facts),
    '## Known weaknesses',
    ...weaknesses(facts),
    '## Training',
    list(trainingLines(facts)),
    '## Files',
    files(facts),
  ];
  return `${sections.join('\n\n')}\n`;
}

/** Examples of each task, in the plural. */
const nouns: Readonly<Record<Config['task']['type'], string>> = {
  'image-classification': 'images',
  'tabular-classification': 'rows of a table',
  'vector-classification': 'vectors',
  'text-classification': 'texts',
};

function figures({ run, student }: CardFacts): string[] {
  const { metrics, evaluatedOn } = run;
  const { name: main, title, oneClass } = mainMetric(metrics);
  const names = [student, ...Object.keys(metrics.models).filter((name) => name !== student)];
  const rows = names.flatMap((name) => {
    const model = metrics.models[name];
    if (!model) return [];
    const figures = [model[main], model.macroRecall, model.macroF1].map(withRange);
    return [[name, ...figures, fixed(model.logLoss.value, 3)]];
  });
  const classes = run.classes.slice(0, maxClasses).map((name, index) => {
    const recall = metrics.models[student]!.recall[index] ?? undefined;
    return [name, count(metrics.support[index]!), withRange(recall)];
  });
  return [
    `On ${counted(metrics.examples, `${evaluatedOn} example`)}, with 95% intervals. \`teacher\` is the model that labeled the unlabeled examples; ${baselinesText(run)}`,
    ...caveats(run),
    table(['model', title, 'macro recall', 'macro F1', 'log-loss'], rows),
    table([oneClass, 'examples', 'recall'], classes),
    ...(run.classes.length > maxClasses
      ? [`\`metrics.json\` of the run has the other ${count(run.classes.length - maxClasses)}.`]
      : []),
  ];
}

function baselinesText({ baselines, metrics }: RunMetrics): string {
  const measured = baselines.map(({ name }) => name).filter((name) => name in metrics.models);
  return measured.length === 0
    ? 'no model of the labels alone was measured.'
    : `${measured.map((name) => `\`${name}\``).join(' and ')} learned the labels alone.`;
}

function withRange(figure: Interval | null | undefined): string {
  if (!figure) return '–';
  return `${percent(figure.value)} (${percent(figure.low)} to ${percent(figure.high)})`;
}

function weaknesses({ run, student }: CardFacts): string[] {
  const found = [
    ...comparisons(run, student),
    ...[...confusionSentences(run, student), ...run.warnings].map(plain),
  ];
  if (found.length === 0) return ['The evaluation found none.'];
  return [list(found)];
}

/** States which simpler models are not clearly worse than the student. */
function comparisons({ metrics, baselines, students }: RunMetrics, student: string): string[] {
  const { more, noun } = mainMetric(metrics);
  const simpler = [...students.map(({ variant }) => variant), ...baselines.map(({ name }) => name)];
  return simpler.flatMap((name) => {
    const difference = name === student ? undefined : mainDifference(metrics, student, name);
    if (!difference || difference.low > 0) return [];
    return difference.high < 0
      ? [`\`${name}\` is clearly ${more} than the student.`]
      : [
          `The student is not clearly ${more} than \`${name}\`: the interval of the difference in ${noun} includes 0.`,
        ];
  });
}

function files({ run, student, encoder, description }: CardFacts): string {
  const { exports, bytes: size } = run.students.find(({ variant }) => variant === student)!;
  const own =
    description.network === 'ngrams'
      ? [['ngrams.json, ngrams.bin', 'the model', bytes(size)]]
      : [['model.json, weights.bin', 'tfjs LayersModel', bytes(size)]];
  const rows = [
    ...own,
    ...exports.flatMap((record) =>
      'leftOut' in record ? [] : [[filesOf(record.format), contentOf(record), bytes(record.bytes)]],
    ),
    ['student.json', 'classes, and how examples are read', ''],
    ...(encoder
      ? [['encoder/', `the encoder ${encoder.source}`, bytes(encoderBytes(encoder))]]
      : []),
  ];
  return table(['file', 'content', 'size'], rows, 2);
}

/** Describes a file by its format and its comparison with the student. */
function contentOf({ format, examples, rounded }: MadeExport): string {
  if (examples === 0) return `${format}, not compared with the student`;
  if (!rounded) return `${format}, equal to the student on ${counted(examples, 'example')}`;
  const { accuracy, studentAccuracy } = rounded;
  return `${format}, rounded: ${percent(accuracy)} right on ${counted(examples, 'example')} (student: ${percent(studentAccuracy)})`;
}

function filesOf(format: string): string {
  const exporter = allExporters.find(({ name }) => name === format);
  return exporter?.files.join(', ') ?? format;
}

function encoderBytes({ files }: EncoderDescription): number {
  return files.reduce((total, file) => total + file.bytes, 0);
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join('\n');
}
