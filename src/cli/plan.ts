import { defineCommand } from 'citty';
import type { PlanSummary } from '../engines/plan.ts';
import { bytes, count, counted } from '../evaluate/format.ts';
import { datasetArgument, jsonOption, resultsOption } from './arguments.ts';
import { styled, type Terminal, table } from './terminal.ts';

export const planCommand = defineCommand({
  meta: { name: 'plan', description: 'Check the config and the data, and say what a run would do' },
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

/** What a run would do, for people. */
export function renderPlan(summary: PlanSummary, dataset: string, terminal: Terminal): string {
  const { sets, classes, teacher, students, labelCache, warnings } = summary;
  const rows = Object.entries(sets).map(([name, set]) => [
    name,
    counted(set.shards, 'shard'),
    bytes(set.bytes),
  ]);
  const toLabel = labelCache.shards - labelCache.reused;
  return [
    `Run ${summary.run}`,
    '',
    ...table(rows),
    '',
    `classes: ${count(classes.length)}`,
    `teacher: ${teacher}`,
    `students: ${students.join(', ')}`,
    `labels: ${count(labelCache.reused)} of ${counted(labelCache.shards, 'shard')} from the cache, ` +
      `${count(toLabel)} to label`,
    ...warnings.map((text) => `${styled(terminal, 'yellow', 'warning:')} ${text}`),
    '',
    `Next: counterweight run ${dataset}`,
  ].join('\n');
}
