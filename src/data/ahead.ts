/**
 * Runs `task` on every item, at most `width` at a time, and gives the results in the order of the
 * items. For many small reads from a store where each takes tens of milliseconds, and for decoding.
 *
 * @throws the first error, in the order of the items.
 */
export async function* readAhead<Item, Result>(
  items: Iterable<Item> | AsyncIterable<Item>,
  width: number,
  task: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const running: Promise<Result>[] = [];
  for await (const item of items) {
    const result = task(item);
    // It may fail before its turn comes; until then the failure is not an unhandled one.
    result.catch(() => {});
    running.push(result);
    if (running.length >= width) yield await running.shift()!;
  }
  for (const result of running) yield await result;
}
