import { defineCommand } from 'citty';
import {
  datasetArgument,
  jsonOption,
  parseWorkers,
  resultsOption,
  workersOption,
} from './arguments.ts';
import { withProgress } from './with-progress.ts';

export const runCommand = defineCommand({
  meta: { name: 'run', description: 'Distill on this machine: labels, weights, students, report' },
  args: {
    dataset: datasetArgument,
    results: resultsOption,
    workers: workersOption,
    json: jsonOption,
  },
  async run({ args: { dataset, results, workers, json } }) {
    const workerCount = parseWorkers(workers);
    const { ensureTensorFlow } = await import('#setup/tensorflow.mjs');
    await ensureTensorFlow({ quiet: json === true });
    const [{ run }, { createProgress, silentProgress }, { renderSummary }] = await Promise.all([
      import('../engines/embedded.ts'),
      import('./progress.ts'),
      import('./summary.ts'),
    ]);
    const view = json ? silentProgress : createProgress(process.stderr);
    const summary = await withProgress(view, (signal, onProgress) =>
      run({ dataset, results, workers: workerCount, signal, onProgress }),
    );
    const text = json
      ? JSON.stringify(summary, null, 2)
      : renderSummary(summary, process.stdout, dataset);
    process.stdout.write(`${text}\n`);
  },
});
