/**
 * Runs `task` on every item, ahead of whoever takes the results, and gives them in the order of the
 * items. It goes on while the taker is busy, as long as there is room: `room` is what all items may
 * take together whose results are not taken yet, where an item takes `size` of it (one, if not told).
 * An item that takes more than all of it has it for itself.
 *
 * For many small reads from a store where each takes tens of milliseconds, and for decoding.
 *
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
      // It may fail before its turn comes; until then the failure is not an unhandled one.
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
    // Whoever stops early waits until the source is closed.
    stopped = true;
    departure.give();
    await whole.catch(() => {});
  }
}

/** Wakes one who waits for the next time that it is given. */
function createSignal() {
  let wake: () => void = () => {};
  return {
    next: () => new Promise<void>((resolve) => (wake = resolve)),
    give: () => wake(),
  };
}
