import { interruptedCode } from './failure.ts';
import type { Terminal } from './terminal.ts';

/**
 * Runs a task that Ctrl-C (or SIGTERM) stops cleanly. The first signal aborts the task, which then
 * saves its state; the second ends the process at once.
 */
export async function interruptible<Result>(
  terminal: Terminal,
  task: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(interruptedCode);
    terminal.write('\nStopping; finished work is kept. Press Ctrl-C again to stop at once.\n');
    controller.abort();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    return await task(controller.signal);
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}
