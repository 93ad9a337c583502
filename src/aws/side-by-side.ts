import { setMaxListeners } from 'node:events';

/** Limits of concurrent work. */
export interface SideBySideOptions<Item> {
  /** Maximum total weight of the items in progress. */
  readonly slots: number;
  /** Weight of an item, from 1 to `slots`. */
  readonly weight: (item: Item) => number;
  readonly signal: AbortSignal;
}

/**
 * Processes the items of a stream concurrently, and takes the next item when it fits.
 * @param work its signal is aborted when the caller stops or when another item fails.
 * @throws the first failure, after all items in progress have ended.
 */
export async function sideBySide<Item>(
  items: AsyncIterable<Item>,
  { slots, weight, signal }: SideBySideOptions<Item>,
  work: (item: Item, stop: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, failed.signal]);
  setMaxListeners(slots, stop);
  const underWay = new Set<Promise<void>>();
  let free = slots;
  const begin = (item: Item) => {
    const slotsTaken = weight(item);
    free -= slotsTaken;
    const done = work(item, stop)
      .catch((error: unknown) => failed.abort(error))
      .finally(() => {
        free += slotsTaken;
        underWay.delete(done);
      });
    underWay.add(done);
  };
  try {
    for await (const item of items) {
      while (free < weight(item)) await Promise.race(underWay);
      stop.throwIfAborted();
      begin(item);
    }
  } catch (error) {
    failed.abort(error);
  }
  await Promise.all(underWay);
  stop.throwIfAborted();
}
