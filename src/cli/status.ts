import { setTimeout as delay } from 'node:timers/promises';
import { defineCommand } from 'citty';
import { jsonOption } from './arguments.ts';
import { openRun, runArgument, stageNames } from './deployed-run.ts';
import type { Observation, RunObserver } from './run-observer.ts';
import type { StatusView } from './status-view.ts';

/** As many runs as a screen shows. */
const listedRuns = 10;

/** How often --watch looks; while AWS does not answer, more and more seldom. */
const lookEveryMs = 2_000;
const lookAtLeastEveryMs = 60_000;

export const statusCommand = defineCommand({
  meta: { name: 'status', description: 'List the newest runs on AWS, or say how far one is' },
  args: {
    run: { ...runArgument, required: false },
    watch: {
      type: 'boolean',
      description:
        'Look until the run (by default: the newest) has ended; exit with 1 if it failed',
    },
    json: jsonOption,
  },
  async run({ args: { run, watch, json } }) {
    if (run === undefined && !watch) return listRuns(json === true);
    const observer = await observe(run ?? (await newestRun()));
    const { renderStatus } = await import('./status-text.ts');
    if (!watch) {
      const seen = await observer.lookThoroughly();
      print(json ? JSON.stringify(seen, null, 2) : renderStatus(seen, process.stdout));
      return;
    }
    const { createStatusView, silentView } = await import('./status-view.ts');
    const seen = await follow(observer, json ? silentView : createStatusView(process.stdout));
    if (json) print(JSON.stringify(seen, null, 2));
    if (seen.status !== 'SUCCEEDED') process.exitCode = 1;
  },
});

async function listRuns(json: boolean): Promise<void> {
  const [{ findDeployment }, { newestRuns }, { renderRuns }] = await Promise.all([
    import('../aws/deployment.ts'),
    import('../aws/runs.ts'),
    import('./status-text.ts'),
  ]);
  const { stateMachine } = await findDeployment();
  const runs = await newestRuns(stateMachine, listedRuns);
  print(json ? JSON.stringify(runs, null, 2) : renderRuns(runs, new Date()));
}

async function newestRun(): Promise<string> {
  const [{ findDeployment }, { newestRuns }, { UserError }] = await Promise.all([
    import('../aws/deployment.ts'),
    import('../aws/runs.ts'),
    import('../errors.ts'),
  ]);
  const [newest] = await newestRuns((await findDeployment()).stateMachine, 1);
  if (newest) return newest.run;
  throw new UserError('there is no run yet', 'A batch starts one: counterweight upload FOLDER');
}

async function observe(run: string): Promise<RunObserver> {
  const [{ StatusReader }, { RunObserver }, { readWorkflow }, { measuredBill }] = await Promise.all(
    [
      import('../aws/status.ts'),
      import('./run-observer.ts'),
      import('../engines/workflow.ts'),
      import('../cost/measured.ts'),
    ],
  );
  const { attempt, results } = await openRun(run);
  const reader = new StatusReader(results, attempt, stageNames(readWorkflow()));
  return new RunObserver(reader, async () => (await measuredBill(results, run)).totalUsd);
}

/**
 * Shows how a run goes on, to its end. AWS being too busy for a while ends nothing, once it has
 * answered.
 */
export async function follow(
  observer: Pick<RunObserver, 'look' | 'lookThoroughly'>,
  view: StatusView,
  everyMs = lookEveryMs,
): Promise<Observation> {
  const { isTransient } = await import('../aws/transient.ts');
  let seen = await observer.look();
  let waitMs = everyMs;
  while (seen.status === 'RUNNING') {
    if (waitMs === everyMs) view.show(seen);
    await delay(waitMs);
    try {
      seen = await observer.look();
      waitMs = everyMs;
    } catch (error) {
      if (!isTransient(error)) throw error;
      waitMs = Math.min(2 * waitMs, lookAtLeastEveryMs);
      view.note(`AWS does not answer now: looking again in ${waitMs / 1000} s.`);
    }
  }
  seen = await observer.lookThoroughly();
  view.end(seen);
  return seen;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
