import { defineCommand } from 'citty';
import {
  datasetArgument,
  jsonOption,
  labelsFolderOption,
  labelsFormatOption,
  parseWorkers,
  resultsOption,
  workersOption,
} from './arguments.ts';
import { withProgress } from './with-progress.ts';

export const labelCommand = defineCommand({
  meta: {
    name: 'label',
    description: 'Label the unlabeled set on this machine, for another trainer; trains no student',
  },
  args: {
    dataset: datasetArgument,
    results: resultsOption,
    to: labelsFolderOption,
    format: labelsFormatOption,
    workers: workersOption,
    json: jsonOption,
  },
  async run({ args: { dataset, results, to, format: formatName, workers: workerCount, json } }) {
    const workers = parseWorkers(workerCount);
    const { parseLabelsFormat } = await import('./labels-format.ts');
    const format = parseLabelsFormat(formatName);
    const { ensureTensorFlow } = await import('#setup/tensorflow.mjs');
    await ensureTensorFlow({ quiet: json === true });
    const [{ label }, { createProgress, silentProgress }, { renderLabels }] = await Promise.all([
      import('../engines/label.ts'),
      import('./progress.ts'),
      import('./labels-text.ts'),
    ]);
    const view = json ? silentProgress : createProgress(process.stderr);
    const summary = await withProgress(view, (signal, onProgress) =>
      label({ dataset, results, to, format, workers, signal, onProgress }),
    );
    const text = json ? JSON.stringify(summary, null, 2) : renderLabels(summary, process.stdout);
    process.stdout.write(`${text}\n`);
  },
});
