import type { Progress } from '../run/context.ts';
import { interruptible } from './interrupt.ts';
import type { ProgressView } from './progress.ts';

/** Runs a task that Ctrl-C stops cleanly, and shows its progress on standard error. */
export function withProgress<Result>(
  view: ProgressView,
  task: (signal: AbortSignal, onProgress: (progress: Progress) => void) => Promise<Result>,
): Promise<Result> {
  return interruptible(process.stderr, async (signal) => {
    let completed = false;
    try {
      const result = await task(signal, view.update);
      completed = true;
      return result;
    } finally {
      view.end(completed);
    }
  });
}
