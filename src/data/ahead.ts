/**
 * Runs `task` on items ahead of the consumer and yields the results in the order of the items. For
 * many small reads from a store, where each takes tens of milliseconds, and for decoding.
 *
 * @param room Upper bound on the total size of the items whose results are not yet consumed. A
 *   larger item runs alone.
 * @param size Size of an item. Default: 1.
 * @throws the first error, of the items or of a task, after the results of the items before it.
 */
export async function* readAhead<Item, Result>(
  items: Iterable<Item> | AsyncIterable<Item>,
  room: number,
  task: (item: Item) => Promise<Result>,
  size: (item: Item) => number = () => 1,
): AsyncGenerator<Result> {
  const running: { readonly result: Promise<Result>; readonly size: number }[] = [];
  let taken = 0;
  let stopped = false;
  const [arrival, departure] = [createSignal(), createSignal()];

  async function run(): Promise<void> {
    for await (const item of items) {
      const itemSize = size(item);
      while (!stopped && taken > 0 && taken + itemSize > room) await departure.next();
      if (stopped) return;
      const result = task(item);
      // It may fail before it is awaited; without a handler that would end the process.
      result.catch(() => {});
      running.push({ result, size: itemSize });
      taken += itemSize;
      arrival.give();
    }
  }

  let ended = false;
  const whole = run().finally(() => {
    ended = true;
    arrival.give();
  });
  whole.catch(() => {});
  try {
    while (running.length > 0 || !ended) {
      const first = running.shift();
      if (first === undefined) {
        await arrival.next();
        continue;
      }
      const result = await first.result;
      taken -= first.size;
      departure.give();
      yield result;
    }
    await whole;
  } finally {
    // A consumer that stops early waits until the source is closed and no task runs.
    stopped = true;
    departure.give();
    await whole.catch(() => {});
    await Promise.allSettled(running.map(({ result }) => result));
  }
}

/** Creates a signal: `next` waits until `give` is called. */
function createSignal() {
  let wake: () => void = () => {};
  return {
    next: () => new Promise<void>((resolve) => (wake = resolve)),
    give: () => wake(),
  };
}
