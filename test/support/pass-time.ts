import { vi } from 'vitest';

/** Does work without input and output, whose timers fire at once, in their order. */
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
