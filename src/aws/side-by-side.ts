import { setMaxListeners } from 'node:events';

export interface SideBySideOptions<Item> {
  /** The most that the items under way may weigh together. */
  readonly slots: number;
  /** From 1 to `slots`. */
  readonly weight: (item: Item) => number;
  readonly signal: AbortSignal;
}

/**
 * Works on the items of a stream side by side, and takes the next one when there is room for it.
 * @param work its signal says to stop: because the caller wants it, or because another item failed.
 * @throws the first failure, when nothing is under way any more.
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
