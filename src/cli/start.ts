import { defineCommand } from 'citty';
import type { StartOutcome } from '../aws/start-or-resume.ts';
import { jsonOption, nameOption } from './arguments.ts';
import { asTyped } from './as-typed.ts';

export const startCommand = defineCommand({
  meta: { name: 'start', description: 'Start a run on AWS, or resume a failed one' },
  args: {
    dataset: {
      type: 'positional',
      description:
        'Name or s3:// location of a dataset in the data bucket, or name of a failed run',
      required: true,
    },
    labels: {
      type: 'boolean',
      description: 'End with the labels of the unlabeled set, and train no student',
    },
    name: nameOption,
    json: jsonOption,
  },
  async run({ args: { dataset, labels, json } }) {
    const [{ findDeployment }, { findStarted }, { startOrResume }] = await Promise.all([
      import('../aws/deployment.ts'),
      import('../aws/find-started.ts'),
      import('../aws/start-or-resume.ts'),
    ]);
    const deployed = await findDeployment();
    const started = await findStarted(deployed, dataset);
    const wanted = { ...started, ...(labels && { until: 'labels' as const }) };
    const outcome = await startOrResume(deployed.stateMachine, wanted);
    const text = json
      ? JSON.stringify({ ...started, ...outcome }, null, 2)
      : renderStart(started.run, outcome, !labels);
    process.stdout.write(`${json ? text : asTyped(text)}\n`);
  },
});

/**
 * Reports whether the run was started.
 *
 * @param wantsStudents whether the user wants more than labels.
 */
export function renderStart(
  run: string,
  { state, attempt, until }: StartOutcome,
  wantsStudents = true,
): string {
  const watch = `counterweight status ${run} --watch`;
  switch (state) {
    case 'done':
      return wantsStudents
        ? `Run ${run} is done already.\nNext: counterweight fetch ${run}`
        : `The labels of run ${run} are done already.\nNext: counterweight fetch ${run} --labels`;
    case 'running': {
      const then =
        until === 'labels' && wantsStudents ? `, then counterweight start ${run} again` : '';
      const end = until === 'labels' ? ', and ends with its labels' : '';
      return `Run ${run} is running already${end}.\nNext: ${watch}${then}`;
    }
    case 'started': {
      const resumed = attempt === 1 ? '' : `: attempt ${attempt}, which resumes the run`;
      const end = until === 'labels' ? ', which ends with its labels' : '';
      return `Started run ${run}${end}${resumed}.\nNext: ${watch}`;
    }
  }
}
