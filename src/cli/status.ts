import { setTimeout as delay } from 'node:timers/promises';
import { defineCommand } from 'citty';
import { jsonOption, nameOption } from './arguments.ts';
import { openRun, runArgument, stageNames } from './deployed-run.ts';
import type { Observation, RunObserver } from './run-observer.ts';
import type { StatusView } from './status-view.ts';

/** Number of runs listed. */
const listedRuns = 10;

/** Interval of --watch, in ms. It doubles while AWS does not answer, up to the maximum. */
const lookEveryMs = 2_000;
const maxLookEveryMs = 60_000;

/** Maximum time from the arrival of a batch to the start of its run, in ms, with a reserve. */
const startsWithinMs = 10_000;

export const statusCommand = defineCommand({
  meta: { name: 'status', description: 'List the newest runs on AWS, or show the status of one' },
  args: {
    run: { ...runArgument, required: false },
    watch: {
      type: 'boolean',
      description: 'Update until the run (default: the newest) has ended',
    },
    name: nameOption,
    json: jsonOption,
  },
  async run({ args: { run, watch, json } }) {
    if (run === undefined && !watch) return listRuns(json === true);
    const observer = await observe(run ?? (await newestRun()), watch ? startsWithinMs : 0);
    const [{ renderStatus }, { createStatusView, silentView }] = await Promise.all([
      import('./status-text.ts'),
      import('./status-view.ts'),
    ]);
    const seen = watch
      ? await follow(observer, json ? silentView : createStatusView(process.stdout))
      : await observer.lookWithCost();
    if (json) print(JSON.stringify(seen, null, 2));
    else if (!watch) print(renderStatus(seen, process.stdout));
    if (hasFailed(seen)) process.exitCode = 1;
  },
});

function hasFailed({ status }: Observation): boolean {
  return status !== 'RUNNING' && status !== 'SUCCEEDED';
}

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

/** Finds the running run. If none starts within `startsWithinMs`, returns the newest. */
async function newestRun(): Promise<string> {
  const [{ findDeployment }, { newestRuns }, { UserError }] = await Promise.all([
    import('../aws/deployment.ts'),
    import('../aws/runs.ts'),
    import('../errors.ts'),
  ]);
  const { stateMachine } = await findDeployment();
  for (let waitedMs = 0; ; waitedMs += lookEveryMs) {
    const [newest] = await newestRuns(stateMachine, 1);
    const isLate = waitedMs >= startsWithinMs;
    if (newest && (newest.status === 'RUNNING' || isLate)) return newest.run;
    if (isLate) {
      throw new UserError('there is no run yet', 'A batch starts one: counterweight upload FOLDER');
    }
    await delay(lookEveryMs);
  }
}

async function observe(run: string, withinMs: number): Promise<RunObserver> {
  const [{ StatusReader }, { RunObserver }, { readWorkflow }, { measuredBill }] = await Promise.all(
    [
      import('../aws/status.ts'),
      import('./run-observer.ts'),
      import('../engines/workflow.ts'),
      import('../cost/measured.ts'),
    ],
  );
  const { attempt, results } = await openRun(run, withinMs);
  const reader = new StatusReader(results, attempt, stageNames(readWorkflow()));
  return new RunObserver(reader, async () => (await measuredBill(results, run)).totalUsd);
}

/**
 * Shows a run until it ends. Once AWS has answered, transient errors only delay the next look.
 */
export async function follow(
  observer: Pick<RunObserver, 'look' | 'lookWithCost'>,
  view: StatusView,
  everyMs = lookEveryMs,
): Promise<Observation> {
  const { isTransient } = await import('../aws/failures.ts');
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
      waitMs = Math.min(2 * waitMs, maxLookEveryMs);
      view.note(`AWS does not answer: trying again in ${waitMs / 1000} s.`);
    }
  }
  seen = await observer.lookWithCost();
  view.end(seen);
  return seen;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
