import { readFile } from 'node:fs/promises';
import { defineCommand } from 'citty';
import type { Added } from '../data/add-labels.ts';
import { UserError } from '../errors.ts';
import { counted } from '../format.ts';
import { datasetArgument } from './arguments.ts';
import { asTyped } from './as-typed.ts';

export const addLabelsCommand = defineCommand({
  meta: {
    name: 'add-labels',
    description: 'Copy unlabeled examples with the labels you gave them into labeled/',
  },
  args: {
    dataset: datasetArgument,
    answers: {
      type: 'positional',
      description:
        'CSV with the columns id and label, such as the label-next.csv of a run, or JSON of Label Studio',
      required: true,
    },
  },
  async run({ args: { dataset, answers } }) {
    const [{ addLabels }, { readConfig }, { openStore }] = await Promise.all([
      import('../data/add-labels.ts'),
      import('../config/read.ts'),
      import('../store/open.ts'),
    ]);
    const data = await openStore(dataset);
    const text = await readAnswers(answers);
    const added = await addLabels(data, await readConfig(data), { name: answers, text });
    process.stdout.write(`${renderAdded(added, dataset)}\n`);
  },
});

async function readAnswers(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new UserError(
      `${file} cannot be read: ${isMissing ? 'there is no such file' : (error as Error).message}`,
      'Give the path of the file with your labels.',
    );
  }
}

/** Describes the result for people, with the command to run next. */
export function renderAdded({ labels, known, unanswered, files }: Added, dataset: string): string {
  return [
    labels === 0
      ? 'Added no label.'
      : `Added ${counted(labels, 'label')} in ${counted(files.length, 'file')}, such as ${files[0]}.`,
    ...(known > 0 ? [`${counted(known, 'label')} had been added before.`] : []),
    ...(unanswered > 0 ? [`${counted(unanswered, 'row')} had no label and stay as they are.`] : []),
    asTyped(`Next: counterweight run ${dataset}`),
  ].join('\n');
}
