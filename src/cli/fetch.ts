import { join, relative } from 'node:path';
import { defineCommand } from 'citty';
import type { FetchedStudent } from '../aws/fetch.ts';
import { jsonOption, labelsFormatOption, nameOption } from './arguments.ts';
import { predictLines } from './predict-lines.ts';

export const fetchCommand = defineCommand({
  meta: { name: 'fetch', description: 'Copy a student with its report and metrics from AWS' },
  args: {
    run: {
      type: 'positional',
      description: 'Name of a run, or of a dataset for its published student',
      required: true,
    },
    to: {
      type: 'string',
      description: 'Folder to copy into. Default: ./RUN, and ./RUN-labels for labels',
    },
    labels: {
      type: 'boolean',
      description: 'Copy the labels of a run for another trainer, instead of a student',
    },
    format: labelsFormatOption,
    name: nameOption,
    json: jsonOption,
  },
  async run({ args: { run, to, labels, format, json } }) {
    if (labels) return copyLabels(run, to, format, json === true);
    const [{ findDeployment }, { fetchStudent }] = await Promise.all([
      import('../aws/deployment.ts'),
      import('../aws/fetch.ts'),
    ]);
    const fetched = await fetchStudent(await findDeployment(), run, to);
    const text = json ? JSON.stringify(fetched, null, 2) : renderFetched(fetched);
    process.stdout.write(`${text}\n`);
  },
});

async function copyLabels(
  run: string,
  to: string | undefined,
  formatName: string,
  json: boolean,
): Promise<void> {
  const { parseLabelsFormat } = await import('./labels-format.ts');
  const format = parseLabelsFormat(formatName);
  const [{ findDeployment }, { fetchLabels }, { renderFetchedLabels }] = await Promise.all([
    import('../aws/deployment.ts'),
    import('../aws/fetch.ts'),
    import('./labels-text.ts'),
  ]);
  const fetched = await fetchLabels(await findDeployment(), run, { to, format });
  const text = json
    ? JSON.stringify(fetched, null, 2)
    : renderFetchedLabels(fetched, process.stdout);
  process.stdout.write(`${text}\n`);
}

/** Lists the copied files for people. */
export function renderFetched({ run, variant, folder }: FetchedStudent): string {
  const shown = relative('.', folder) || '.';
  return [
    `The ${variant} student of run ${run} is in ${shown}:`,
    `  ${join(shown, 'report.html')}   open it in a browser`,
    `  ${join(shown, 'metrics.json')}`,
    `  ${join(shown, 'student')}`,
    '',
    ...predictLines(join(folder, 'student'), 'FILES'),
  ].join('\n');
}
