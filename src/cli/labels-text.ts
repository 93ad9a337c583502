import { relative } from 'node:path';
import type { ExportFormat } from '../data/tables/exported-labels.ts';
import type { LabelsDescription } from '../distill/export-labels.ts';
import type { LabelSummary } from '../engines/label.ts';
import { describeTeachers } from '../evaluate/describe-mixture.ts';
import { reasonLines } from '../evaluate/quarantine-reasons.ts';
import { describeAccuracy } from '../evaluate/teacher-judgement.ts';
import { count, counted, duration, percent } from '../format.ts';
import { styled, type Terminal } from './terminal.ts';

/** Maximum number of classes whose labels are counted one by one. */
const maxClasses = 20;

/** Summarizes labels that this machine made. */
export function renderLabels(summary: LabelSummary, terminal: Terminal): string {
  const { labelCache, warnings, seconds } = summary;
  const shards = `${count(labelCache.reused)} of ${counted(labelCache.shards, 'shard')}`;
  return [
    '',
    ...(summary.teachers ? [describeTeachers(summary.teachers)] : []),
    ...(summary.teacherAccuracy ? [describeAccuracy(summary.teacherAccuracy)] : []),
    ...expectation(summary, terminal),
    ...warnings.map((text) => `${styled(terminal, 'yellow', 'warning:')} ${text}`),
    '',
    ...amounts(summary),
    ...reasonLines(summary.quarantineReasons).map((line) => `  ${line}`),
    `labels: ${shards} from the cache`,
    '',
    `Done in ${duration(seconds)}. ${reading(summary.folder, summary.format)}`,
  ].join('\n');
}

/** Labels of a run on AWS that were copied into a folder. */
export interface FetchedLabels extends LabelsDescription {
  readonly folder: string;
  readonly format: ExportFormat;
}

/** Summarizes labels that were copied from AWS. */
export function renderFetchedLabels(fetched: FetchedLabels, terminal: Terminal): string {
  const { run, folder, format } = fetched;
  return [
    `Labels of run ${run}:`,
    ...expectation(fetched, terminal),
    ...amounts(fetched),
    '',
    reading(folder, format),
  ].join('\n');
}

function expectation(
  { expectedAccuracy, judgedOn, multiLabel }: LabelsDescription,
  terminal: Terminal,
): string[] {
  if (!expectedAccuracy || !judgedOn) {
    const text =
      'No label shows which labels are right, because the teacher has learned them all: the files ' +
      'have no pRight. Leave folds out of distill.yaml (its default is 5), or put labels into ' +
      'validation/.';
    return [`${styled(terminal, 'yellow', 'warning:')} ${text}`];
  }
  const { value, low, high } = expectedAccuracy;
  const sets = judgedOn.sets.map((set) => `${set}/`).join(' and ');
  const share = `${percent(value)} (${percent(low)} to ${percent(high)})`;
  return [
    `${styled(terminal, 'bold', `Expected to be right: ${share} of the ${multiLabel ? 'decisions about labels' : 'labels'}`)}, by ` +
      `${multiLabel ? `the labels of ${counted(judgedOn.examples, 'example')}` : counted(judgedOn.examples, 'label')} in ${sets}.`,
  ];
}

function amounts({ labeled, quarantined, labels }: LabelsDescription): string[] {
  const classes = Object.entries(labels);
  const shown = classes.slice(0, maxClasses).map(([name, found]) => `${name} ${count(found)}`);
  const more = classes.length > maxClasses ? [`${classes.length - maxClasses} more classes`] : [];
  return [
    `labeled: ${counted(labeled, 'example')}: ${[...shown, ...more].join(', ')}`,
    `quarantined: ${quarantined === 0 ? 'none' : counted(quarantined, 'example')}`,
  ];
}

/** Explains how to read the files. */
function reading(folder: string, format: ExportFormat): string {
  const shown = relative('.', folder) || '.';
  const files = JSON.stringify(`${shown}/labels-*.jsonl`);
  const pandas = {
    parquet: `pandas.read_parquet(${JSON.stringify(shown)})`,
    jsonl: `pandas.concat(pandas.read_json(f, lines=True) for f in glob.glob(${files}))`,
  };
  return `Read the labels in Python with\n  ${pandas[format]}`;
}
