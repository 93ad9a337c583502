import { defineCommand } from 'citty';
import type { StartOutcome } from '../aws/executions.ts';
import { jsonOption } from './arguments.ts';

export const startCommand = defineCommand({
  meta: { name: 'start', description: 'Start a run on AWS, or resume a failed one' },
  args: {
    name: {
      type: 'positional',
      description:
        'Name or s3:// location of a dataset in the data bucket, or name of a failed run',
      required: true,
    },
    json: jsonOption,
  },
  async run({ args: { name, json } }) {
    const [{ findDeployment }, { findStarted }, { startOrResume }] = await Promise.all([
      import('../aws/deployment.ts'),
      import('../aws/find-started.ts'),
      import('../aws/executions.ts'),
    ]);
    const deployed = await findDeployment();
    const started = await findStarted(deployed, name);
    const outcome = {
      ...started,
      ...(await startOrResume(deployed.stateMachine, started)),
    };
    const text = json ? JSON.stringify(outcome, null, 2) : renderStart(started.run, outcome);
    process.stdout.write(`${text}\n`);
  },
});

/** Reports whether the run was started. */
export function renderStart(run: string, { state, attempt }: StartOutcome): string {
  switch (state) {
    case 'done':
      return `Run ${run} is done already.\nNext: counterweight fetch ${run}`;
    case 'running':
      return `Run ${run} is running already.\nNext: counterweight status ${run} --watch`;
    case 'started': {
      const resumed = attempt === 1 ? '' : `: attempt ${attempt}, which resumes the run`;
      return `Started run ${run}${resumed}.\nNext: counterweight status ${run} --watch`;
    }
  }
}
