import { defineCommand } from 'citty';
import type { Beginning } from '../aws/executions.ts';
import { jsonOption } from './arguments.ts';

export const startCommand = defineCommand({
  meta: { name: 'start', description: 'Start a run on AWS, or go on with one that failed' },
  args: {
    name: {
      type: 'positional',
      description: "A dataset's name or s3:// location in the data bucket, or a run that failed",
      required: true,
    },
    json: jsonOption,
  },
  async run({ args: { name, json } }) {
    const [{ findDeployment }, { findStarted }, { begin }] = await Promise.all([
      import('../aws/deployment.ts'),
      import('../aws/find-started.ts'),
      import('../aws/executions.ts'),
    ]);
    const deployed = await findDeployment();
    const started = await findStarted(deployed, name);
    const beginning = await begin(deployed.stateMachine, started);
    const outcome = { ...started, ...beginning };
    const text = json ? JSON.stringify(outcome, null, 2) : renderBeginning(started.run, beginning);
    process.stdout.write(`${text}\n`);
  },
});

export function renderBeginning(run: string, { state, attempt }: Beginning): string {
  switch (state) {
    case 'done':
      return `Run ${run} is done already.\nNext: counterweight fetch ${run}`;
    case 'running':
      return `Run ${run} is running already.\nNext: counterweight status ${run} --watch`;
    case 'started': {
      const how = attempt === 1 ? '' : `: attempt ${attempt}, which goes on from what is done`;
      return `Started run ${run}${how}.\nNext: counterweight status ${run} --watch`;
    }
  }
}
