import { defineCommand } from 'citty';
import { jsonOption } from './arguments.ts';
import { runArgument } from './deployed-run.ts';

export const costCommand = defineCommand({
  meta: { name: 'cost', description: 'Say what a run on AWS has cost so far, beside its estimate' },
  args: { run: runArgument, json: jsonOption },
  async run({ args: { run, json } }) {
    const [{ findDeployment }, { unknownRun }, { readRunCost, renderRunCost }, { openStore }] =
      await Promise.all([
        import('../aws/deployment.ts'),
        import('../aws/runs.ts'),
        import('./run-cost.ts'),
        import('../store/open.ts'),
      ]);
    const deployed = await findDeployment();
    const cost = await readRunCost(await openStore(deployed.results), run);
    if (!cost) throw await unknownRun(deployed.stateMachine, run);
    const text = json ? JSON.stringify(cost, null, 2) : renderRunCost(cost);
    process.stdout.write(`${text}\n`);
  },
});
