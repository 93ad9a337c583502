import type { Machine } from '../engines/workflow.ts';

// Arguments and look-ups of the commands about a run on AWS.

export const runArgument = {
  type: 'positional',
  description: 'Name of the run, as listed by "counterweight status"',
  required: true,
} as const;

/**
 * Finds a run's newest execution in the deployment.
 * @param startsWithinMs maximum wait for an execution that is about to start, in ms.
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

/** Lists the workflow's stages in their order, following the first branch of each choice. */
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

/** Returns the task of a stage, as `src/stages/index.ts` names it. */
export function taskOf({ States }: Machine, stage: string): string | undefined {
  return /\$\{(\w+)Function\}/.exec(JSON.stringify(States[stage] ?? {}))?.[1];
}
