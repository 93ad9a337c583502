import { defineCommand } from 'citty';
import type { ListedRun } from '../engines/list-runs.ts';
import { mainMetric } from '../evaluate/main-metric.ts';
import { minute, percent } from '../format.ts';
import { jsonOption, resultsOption } from './arguments.ts';
import { alignedRows } from './terminal.ts';

export const runsCommand = defineCommand({
  meta: { name: 'runs', description: 'List the runs in a location of results' },
  args: { results: resultsOption, json: jsonOption },
  async run({ args: { results, json } }) {
    const [{ listRuns }, { openStore }] = await Promise.all([
      import('../engines/list-runs.ts'),
      import('../store/open.ts'),
    ]);
    const store = await openStore(results, 'time');
    const runs = await listRuns(store);
    const text = json ? JSON.stringify(runs, null, 2) : renderStoredRuns(runs, store.location);
    process.stdout.write(`${text}\n`);
  },
});

/** Lists runs for people, with the command to run next. */
export function renderStoredRuns(runs: readonly ListedRun[], location: string): string {
  if (runs.length === 0) {
    return `There is no run in ${location}. To start one: counterweight run DATASET`;
  }
  const rows = runs.map((one) => [
    one.run,
    minute(one.started),
    one.inUse ? 'in use' : one.state,
    ...studentCells(one),
  ]);
  const reasons = runs.flatMap(({ run, reason }) =>
    reason === undefined ? [] : [`${run}: ${reason.split('\n', 1)[0]}`],
  );
  const finished = runs.filter(({ metrics }) => metrics !== undefined).slice(0, 2);
  return [
    ...alignedRows([['run', 'started (UTC)', '', 'student', 'accuracy'], ...rows]).map((line) =>
      line.trimEnd(),
    ),
    ...(reasons.length > 0 ? ['', ...reasons] : []),
    ...(finished.length === 2
      ? ['', `To compare: counterweight compare ${finished.map(({ run }) => run).join(' ')}`]
      : []),
  ].join('\n');
}

/** Returns the student of a finished run, with its accuracy or micro F1. */
function studentCells({ metrics: run }: ListedRun): [string, string] {
  if (run === undefined) return ['', ''];
  const { variant } = run.students[0]!;
  const { name } = mainMetric(run.metrics);
  const figure = percent(run.metrics.models[variant]![name]!.value);
  return [variant, name === 'accuracy' ? figure : `${figure} (micro F1)`];
}
