import { vi } from 'vitest';

/** Runs work that waits only for timers. The timers fire at once, in their order. */
export async function passTime<T>(work: () => Promise<T>): Promise<T> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  let isDone = false;
  const time = (async () => {
    while (!isDone) await vi.advanceTimersToNextTimerAsync();
  })();
  try {
    return await work();
  } finally {
    isDone = true;
    await time;
    vi.useRealTimers();
  }
}
