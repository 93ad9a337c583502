import { InterruptedError } from '../errors.ts';
import { describeExecution } from './executions.ts';

/** How often a running task looks whether it is still wanted. */
const intervalMs = 5_000;

/**
 * Aborts `stop` when the execution that a task belongs to has ended: Step Functions does not stop a
 * function, and one that trains on for nobody costs money. A failed look counts for nothing.
 * @param execution an execution's ARN; anything else, such as the embedded engine's run name, is
 *   not watched.
 */
export function watchExecution(execution: string, stop: AbortController): { stop(): void } {
  const look = async () => {
    const found = await describeExecution(execution).catch(() => undefined);
    if (found && found.status !== 'RUNNING') {
      stop.abort(new InterruptedError('the execution was aborted'));
    }
  };
  const timer = execution.startsWith('arn:') ? setInterval(look, intervalMs) : undefined;
  timer?.unref();
  return { stop: () => clearInterval(timer) };
}
