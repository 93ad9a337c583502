import { defineCommand } from 'citty';
import { sum } from '../arrays.ts';
import { columnLines } from '../data/features/column-lines.ts';
import { leftOutText } from '../data/left-out-text.ts';
import type { SetName } from '../data/shard.ts';
import type { PlanSummary } from '../engines/plan.ts';
import { expectValidationSize } from '../evaluate/validation-size.ts';
import { bytes, count, counted, duration, rounded, usd } from '../format.ts';
import type { RunEstimate } from '../run/estimate-file.ts';
import { namesOf } from '../table.ts';
import { datasetArgument, jsonOption, resultsOption } from './arguments.ts';
import { asTyped } from './as-typed.ts';
import { alignedRows, styled, type Terminal } from './terminal.ts';

export const planCommand = defineCommand({
  meta: { name: 'plan', description: 'Check config and data; show the work and cost of a run' },
  args: { dataset: datasetArgument, results: resultsOption, json: jsonOption },
  async run({ args: { dataset, results, json } }) {
    const { plan } = await import('../engines/plan.ts');
    const summary = await plan({ dataset, results });
    const text = json
      ? JSON.stringify(summary, null, 2)
      : renderPlan(summary, dataset, process.stdout);
    process.stdout.write(`${text}\n`);
  },
});

/** Describes a planned run for people. */
export function renderPlan(summary: PlanSummary, dataset: string, terminal: Terminal): string {
  const { sets, classes, teacher, students, baselines, labelCache, warnings, estimate, leftOut } =
    summary;
  const { columns, embeddingCache } = summary;
  const rows = namesOf(sets).map((name) => [
    name,
    counted(sets[name].shards, 'shard'),
    bytes(sets[name].bytes),
    amount(estimate.sets[name]),
  ]);
  const warned = (text: string) => `${styled(terminal, 'yellow', 'warning:')} ${text}`;
  return [
    `Run ${summary.run}`,
    '',
    ...alignedRows(rows),
    '',
    ...(columns ? [...renderColumns(columns), ''] : []),
    `classes: ${count(classes.length)}`,
    `teacher: ${teacher}`,
    ...describeLabels(summary),
    `students: ${students.join(', ')}`,
    ...(baselines.length > 0 ? [`models of the labels alone: ${baselines.join(', ')}`] : []),
    ...(embeddingCache ? [`embeddings: ${fromCache(embeddingCache)} to embed`] : []),
    `labels: ${fromCache(labelCache)} to label`,
    ...(leftOut.length > 0 ? [`left out: ${leftOutText(leftOut)}`] : []),
    ...warnings.map(warned),
    '',
    localLine(summary),
    ...renderEstimate(estimate),
    ...estimate.warnings.map(warned),
    '',
    asTyped(`Next: counterweight run ${dataset}`),
  ].join('\n');
}

function fromCache({ shards, reused }: PlanSummary['labelCache']): string {
  return `${count(reused)} of ${counted(shards, 'shard')} from the cache, ${count(shards - reused)}`;
}

/** Describes which labels the teacher learns, and which measure its errors. */
function describeLabels({ learns, folds, validatedOn, estimate }: PlanSummary): string[] {
  const folders = (sets: readonly SetName[]) => sets.map((set) => `${set}/`).join(' and ');
  const labels = (sets: readonly SetName[]) =>
    counted(sum(sets.map((set) => estimate.sets[set].examples)), 'label');
  const parts = folds > 1 ? `, in ${folds} folds` : '';
  const learned = `teacher learns: ${labels(learns)} of ${folders(learns)}${parts}`;
  const isCrossFitted = validatedOn.some((set) => learns.includes(set));
  const judging = isCrossFitted
    ? 'the same labels, each by the teacher of its fold, which did not learn it'
    : `${labels(validatedOn)} of ${folders(validatedOn)}`;
  const expected = expectValidationSize(sum(validatedOn.map((set) => estimate.sets[set].examples)));
  return [...(learns.length > 0 ? [learned] : []), `teacher judged by: ${judging}; ${expected}`];
}

/** Lists the columns of a table. */
function renderColumns(columns: NonNullable<PlanSummary['columns']>): string[] {
  const isFeature = ({ use }: { use: string }) => use === 'numeric' || use === 'categorical';
  const used = columns.filter(isFeature).length;
  return [
    `columns: the model reads ${count(used)} of ${count(columns.length)}`,
    ...columnLines(columns).map((line) => `  ${line}`),
  ];
}

function amount({ examples, counted: isExact }: RunEstimate['sets']['labeled']): string {
  return `${isExact ? '' : 'about '}${counted(examples, 'example')}`;
}

/** Shows the run's time on this machine. */
function localLine({ local: { seconds, cores } }: PlanSummary): string {
  const time = duration(Math.round(seconds));
  return `On this machine (${counted(cores, 'core')}) it would take about ${time}, if it is as fast as that of docs/performance.md.`;
}

/** Lines of a bill below this share of its total are shown as one line. */
const smallShare = 0.02;

/** Shows the run's cost and time on AWS, and the largest lines of the bill. */
function renderEstimate({ tasks, bill }: RunEstimate): string[] {
  const { lines, totalUsd, pricesAsOf, region, notes } = bill;
  const seconds = sum(tasks.map(({ wallSeconds }) => wallSeconds));
  const large = lines.filter((line) => line.usd >= smallShare * totalUsd);
  const restUsd = totalUsd - sum(large.map(({ usd }) => usd));
  return [
    `On AWS it would cost about ${usd(totalUsd)} and take about ${duration(seconds)}:`,
    ...alignedRows([
      ...large.map((line) => [
        `  ${line.what}`,
        `${rounded(line.quantity)} ${line.unit}`,
        usd(line.usd),
      ]),
      ...(large.length < lines.length ? [['  all else', '', usd(restUsd)]] : []),
    ]),
    `  at the prices of ${region} as of ${pricesAsOf}; the seconds are estimated, not measured there.`,
    ...notes.map((note) => `  ${note}`),
  ];
}
