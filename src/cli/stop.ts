import { defineCommand } from 'citty';
import { jsonOption, nameOption } from './arguments.ts';
import { openRun, runArgument } from './deployed-run.ts';

export const stopCommand = defineCommand({
  meta: { name: 'stop', description: 'Stop a run on AWS, keeping finished work' },
  args: { run: runArgument, name: nameOption, json: jsonOption },
  async run({ args: { run, json } }) {
    const { stopExecution } = await import('../aws/stop-execution.ts');
    const { attempt } = await openRun(run);
    const isRunning = attempt.status === 'RUNNING';
    if (isRunning) await stopExecution(attempt.arn, 'stopped by counterweight stop');
    const text = isRunning
      ? `Stopped ${run}. Finished labels and checkpoints are kept for the next attempt.\n` +
        'Jobs and trainers stop within seconds; shards in progress are finished.'
      : `${run} is not running: its status is ${attempt.status}.`;
    process.stdout.write(`${json ? JSON.stringify({ run, stopped: isRunning }) : text}\n`);
  },
});
