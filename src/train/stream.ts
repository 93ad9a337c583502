/**
 * Reads the examples of an epoch in order from their shards. Memory holds two open shards per set
 * and a buffer, whatever the number of examples.
 */

import { sum } from '../arrays.ts';
import {
  epochOrder,
  type OrderOptions,
  readingOrder,
  type ShardSizes,
  type TrainingSet,
} from './order.ts';

export interface ShardSource<Item> {
  readonly count: number;
  /** Reads its `count` examples, in the same order every time. */
  open(): AsyncIterable<Item>;
}

export type TrainingSets<Item> = Readonly<Record<TrainingSet, readonly ShardSource<Item>[]>>;

export function sizesOf({ unlabeled, labeled }: TrainingSets<unknown>): ShardSizes {
  const sizes = (shards: readonly ShardSource<unknown>[]) => shards.map(({ count }) => count);
  return { unlabeled: sizes(unlabeled), labeled: sizes(labeled) };
}

/**
 * Reads the examples of an epoch with their numbers, from a position on. Earlier examples are read
 * and skipped.
 * @throws Error if a shard has another number of examples than its count.
 */
export async function* streamExamples<Item>(
  sets: TrainingSets<Item>,
  options: OrderOptions,
  epoch: number,
  first: number,
): AsyncGenerator<{ item: Item; number: number }> {
  const sizes = sizesOf(sets);
  const unlabeledCount = sum(sizes.unlabeled);
  const unlabeled = new SetReader(sets.unlabeled, readingOrder('unlabeled', sizes, options, epoch));
  const labeled = new SetReader(sets.labeled, readingOrder('labeled', sizes, options, epoch));
  try {
    let position = 0;
    for (const number of epochOrder(sizes, options, epoch)) {
      const [reader, inSet] =
        number < unlabeledCount ? [unlabeled, number] : [labeled, number - unlabeledCount];
      while (!reader.holds(inSet)) await reader.readNext();
      const item = reader.take(inSet);
      if (position++ >= first) yield { item, number };
    }
  } finally {
    await unlabeled.close();
    await labeled.close();
  }
}

/** Shard being read, and its next example, which is requested already. */
interface OpenSource<Item> {
  readonly iterator: AsyncIterator<Item>;
  next: Promise<IteratorResult<Item>>;
}

/** Reads the examples of a set one by one and holds them until they are taken. */
class SetReader<Item> {
  readonly #shards: readonly ShardSource<Item>[];
  readonly #order: ReturnType<typeof readingOrder>;
  readonly #open = new Map<number, OpenSource<Item>>();
  readonly #held = new Map<number, Item>();

  constructor(shards: readonly ShardSource<Item>[], order: ReturnType<typeof readingOrder>) {
    this.#shards = shards;
    this.#order = order;
  }

  /** Returns whether the example of this number in the set is in memory. */
  holds(number: number): boolean {
    return this.#held.has(number);
  }

  take(number: number): Item {
    const item = this.#held.get(number)!;
    this.#held.delete(number);
    return item;
  }

  /** Reads one example; only allowed while examples are missing. */
  async readNext(): Promise<void> {
    const { shard, next: number, end } = this.#order.next().value!;
    const source = this.#open.get(shard) ?? this.#openShard(shard);
    const { value, done } = await source.next;
    if (done) throw new Error(`a shard has fewer examples than ${this.#shards[shard]!.count}`);
    this.#held.set(number, value);
    source.next = ahead(source.iterator);
    if (number + 1 < end) return;
    if (!(await source.next).done) {
      throw new Error(`a shard has more examples than ${this.#shards[shard]!.count}`);
    }
    this.#open.delete(shard);
  }

  /** Closes the open shards. */
  async close(): Promise<void> {
    for (const { iterator } of this.#open.values()) await iterator.return?.();
  }

  #openShard(shard: number): OpenSource<Item> {
    const iterator = this.#shards[shard]!.open()[Symbol.asyncIterator]();
    const source = { iterator, next: ahead(iterator) };
    this.#open.set(shard, source);
    return source;
  }
}

/** Requests the next item now, so that its shard is read during the turns of the others. */
function ahead<Item>(iterator: AsyncIterator<Item>): Promise<IteratorResult<Item>> {
  const next = iterator.next();
  // It may fail before its turn; until then the failure must not count as unhandled.
  next.catch(() => {});
  return next;
}
