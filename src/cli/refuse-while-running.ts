import { UserError } from '../errors.ts';
import { asTyped } from './as-typed.ts';

/**
 * Refuses a change of the deployment while runs are in progress.
 *
 * @param advice What else the user can do, as the end of the hint. Default: nothing.
 * @throws UserError that names the runs.
 */
export async function refuseWhileRunning(advice?: string): Promise<void> {
  const [{ findStateMachine }, { listExecutions }] = await Promise.all([
    import('../aws/deployment.ts'),
    import('../aws/executions.ts'),
  ]);
  const machine = await findStateMachine();
  const running = machine === undefined ? [] : await listExecutions(machine, 'RUNNING');
  if (running.length === 0) return;
  throw runsInProgress(
    running.map(({ run }) => run),
    advice,
  );
}

/** Creates the error that names the runs in progress. */
export function runsInProgress(runs: readonly string[], advice?: string): UserError {
  return new UserError(
    `${runs.join(', ')} ${runs.length === 1 ? 'is' : 'are'} running`,
    [
      'Wait for the end, or run:',
      ...runs.map((run) => asTyped(`  counterweight stop ${run}`)),
      ...(advice === undefined ? [] : [advice]),
    ].join('\n'),
  );
}
