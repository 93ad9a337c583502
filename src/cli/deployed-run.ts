import type { Machine } from '../engines/workflow.ts';

/** Arguments and look-ups of the commands that are about a run on AWS. */

export const runArgument = {
  type: 'positional',
  description: 'The run, by the name that "counterweight status" lists',
  required: true,
} as const;

/**
 * Finds a run's newest execution in what is deployed here.
 * @param startsWithinMs how long to wait for one that is about to start.
 * @throws UserError when nothing is deployed, or there is no such run.
 */
export async function openRun(run: string, startsWithinMs = 0) {
  const [{ findDeployment }, { findRun }, { openStore }] = await Promise.all([
    import('../aws/deployment.ts'),
    import('../aws/runs.ts'),
    import('../store/open.ts'),
  ]);
  const deployed = await findDeployment();
  const attempt = await findRun(deployed.stateMachine, run, startsWithinMs);
  return { deployed, attempt, results: await openStore(deployed.results) };
}

/** The workflow's stages in the order in which they come. Where there is a choice: the longer way. */
export function stageNames({ StartAt, States }: Machine): string[] {
  const names: string[] = [];
  let name: string | undefined = StartAt;
  while (name !== undefined) {
    const state: Machine['States'][string] | undefined = States[name];
    if (state?.Type === 'Task' || state?.Type === 'Map') names.push(name);
    name = state?.Choices?.[0]?.Next ?? state?.Next;
  }
  return names;
}

/** The task of a stage, as `functions/index.ts` names it. */
export function taskOf({ States }: Machine, stage: string): string | undefined {
  return /\$\{(\w+)Function\}/.exec(JSON.stringify(States[stage] ?? {}))?.[1];
}
