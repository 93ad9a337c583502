import { InterruptedError } from '../errors.ts';
import { describeExecution } from './executions.ts';

/** Interval between checks of the execution, in ms. */
const intervalMs = 5_000;

/**
 * Aborts `stop` when the execution of a task has ended. Step Functions does not stop functions, so
 * a training would continue and cost money. A failed check is ignored.
 * @param execution an execution's ARN; other texts, such as the embedded engine's run name, are not
 *   watched.
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
