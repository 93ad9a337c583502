import { defineCommand } from 'citty';
import {
  datasetArgument,
  jsonOption,
  parseWorkers,
  resultsOption,
  workersOption,
} from './arguments.ts';
import { type Notification, Notifier, succeeded } from './notify.ts';
import { withProgress } from './with-progress.ts';

export const runCommand = defineCommand({
  meta: { name: 'run', description: 'Distill on this machine: labels, weights, students, report' },
  args: {
    dataset: datasetArgument,
    results: resultsOption,
    workers: workersOption,
    notify: {
      type: 'string',
      description: 'URL that is sent the result as JSON when the run ends',
    },
    json: jsonOption,
  },
  async run({ args: { dataset, results, workers, notify, json } }) {
    const workerCount = parseWorkers(workers);
    const notifier = notify === undefined ? undefined : new Notifier(notify);
    const { ensureTensorFlow } = await import('#setup/tensorflow.mjs');
    await ensureTensorFlow({ quiet: json === true });
    const [{ run }, { createProgress, silentProgress }, { renderSummary }] = await Promise.all([
      import('../engines/embedded.ts'),
      import('./progress.ts'),
      import('./summary.ts'),
    ]);
    const view = json ? silentProgress : createProgress(process.stderr);
    const tell = async (notification: Notification) => {
      const problem = await notifier?.send(notification);
      if (problem) process.stderr.write(`warning: ${problem}\n`);
    };
    const summary = await withProgress(view, (signal, onProgress) =>
      run({ dataset, results, workers: workerCount, signal, onProgress }),
    ).catch(async (error: Error) => {
      // A run that was stopped continues with the next call.
      if (error.name !== 'InterruptedError') {
        await tell({ event: 'run.failed', dataset, error: error.message });
      }
      throw error;
    });
    await tell(succeeded(summary, dataset));
    const text = json
      ? JSON.stringify(summary, null, 2)
      : renderSummary(summary, process.stdout, dataset);
    process.stdout.write(`${text}\n`);
  },
});
