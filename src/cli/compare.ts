import { defineCommand } from 'citty';
import { jsonOption, many, resultsOption, UsageError } from './arguments.ts';

export const compareCommand = defineCommand({
  meta: { name: 'compare', description: 'Compare the students of finished runs' },
  args: {
    run: { type: 'positional', description: 'Name of a run, as listed by "counterweight runs"' },
    others: {
      type: 'positional',
      valueHint: many,
      description: 'Names of one or more other runs, which are compared with the first',
    },
    results: resultsOption,
    json: jsonOption,
  },
  async run({ args: { _: names, results, json } }) {
    const again = names.find((name, index) => names.indexOf(name) < index);
    if (again !== undefined) throw new UsageError(`The run ${again} is given twice.`);
    const [{ compareRuns }, { openStore }, { renderComparison }] = await Promise.all([
      import('../engines/compare-runs.ts'),
      import('../store/open.ts'),
      import('./compare-text.ts'),
    ]);
    const comparison = await compareRuns(await openStore(results, 'time'), names);
    const text = json ? JSON.stringify(comparison, null, 2) : renderComparison(comparison);
    process.stdout.write(`${text}\n`);
  },
});
