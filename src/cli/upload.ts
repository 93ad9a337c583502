import { basename, resolve } from 'node:path';
import { defineCommand } from 'citty';
import type { UploadResult } from '../aws/upload.ts';
import { bytes, count, counted } from '../format.ts';
import { datasetArgument, jsonOption, nameOption, UsageError } from './arguments.ts';
import { asTyped } from './as-typed.ts';
import { styled, type Terminal } from './terminal.ts';
import { withProgress } from './with-progress.ts';

export const uploadCommand = defineCommand({
  meta: { name: 'upload', description: 'Upload a dataset to AWS; its complete batches start runs' },
  args: {
    dataset: { ...datasetArgument, description: 'Folder with distill.yaml' },
    'dataset-name': {
      type: 'positional',
      description: 'Name of the dataset on AWS. Default: the name of the folder',
      required: false,
    },
    name: nameOption,
    json: jsonOption,
  },
  async run({ args: { dataset, 'dataset-name': name, json } }) {
    const checkedName = checkName(name ?? basename(resolve(dataset)));
    const [{ findDeployment }, { upload }, { startBatch }, { runAhead }, progress] =
      await Promise.all([
        import('../aws/deployment.ts'),
        import('../aws/upload.ts'),
        import('../stages/start.ts'),
        import('../aws/turn.ts'),
        import('./progress.ts'),
      ]);
    const { dataBucket: bucket, results, stateMachine } = await findDeployment();
    const view = json ? progress.silentProgress : progress.createProgress(process.stderr);
    const uploaded = await withProgress(view, (signal, onProgress) =>
      upload({ folder: dataset, bucket, name: checkedName, signal, onProgress }),
    );
    const [marker] = uploaded.markers;
    // The trigger computes the same name for the run, so its record is written once.
    const started = marker && (await startBatch({ bucket, ...marker }, results));
    const run = started?.run;
    const ahead = run && (await runAhead(stateMachine, results, run));
    const next = { run, ahead, name: checkedName };
    const text = json
      ? JSON.stringify({ ...uploaded, run, ahead }, null, 2)
      : renderUploaded(uploaded, next, process.stdout);
    process.stdout.write(`${text}\n`);
  },
});

/** Checks a dataset's name. @throws UsageError if it cannot be a prefix in the data bucket. */
function checkName(name: string): string {
  const parts = name.split('/');
  const isName = parts.every((part) => part !== '' && part !== '.' && part !== '..');
  if (isName && !name.includes(':')) return name;
  throw new UsageError(`"${name}" is not a name for a dataset. Pass one, such as digits.`);
}

/** Run that an upload starts. */
interface NextRun {
  /** Name of the run; undefined: none starts. */
  readonly run: string | undefined;
  /** Run of the dataset whose end it waits for. */
  readonly ahead: string | undefined;
  /** Name of the dataset. */
  readonly name: string;
}

/** Reports the uploaded files, the run that they start, and the command to run next. */
export function renderUploaded(
  uploaded: UploadResult,
  { run, ahead, name }: NextRun,
  terminal: Terminal,
): string {
  const { location, sent, present, sentBytes, openBatches, others } = uploaded;
  const warning = styled(terminal, 'yellow', 'warning:');
  const lines = [
    sent === 0
      ? `Nothing to upload: all ${counted(present, 'file')} are in ${location}.`
      : `Uploaded ${counted(sent, 'file')} (${bytes(sentBytes)}) to ${location}; ` +
        `${count(present)} were there already.`,
  ];
  if (others > 0) {
    lines.push(
      `${warning} ${counted(others, 'object')} there ${others === 1 ? 'is' : 'are'} not in the ` +
        'folder. They are kept, and runs use them.',
    );
  }
  for (const batch of openBatches) {
    const folder = ['unlabeled', batch].filter(Boolean).join('/');
    lines.push(
      `${folder} has no _SUCCESS, the marker of a complete batch: it does not start a run.`,
    );
  }
  if (run === undefined) {
    lines.push(`No run starts automatically. Next: counterweight start ${name}`);
  } else if (ahead !== undefined) {
    lines.push(
      `The run ${ahead} of this dataset is running. A run with the new data starts after it. ` +
        `Next: counterweight status ${ahead} --watch`,
    );
  } else {
    lines.push(`Run ${run} starts. Next: counterweight status ${run} --watch`);
  }
  return asTyped(lines.join('\n'));
}
