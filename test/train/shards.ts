import type { ShardSource } from '../../src/train/stream.ts';

/** Node 20 has no Array.fromAsync. */
export async function collect<Item>(stream: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

/** How many shards are open, and how many were at once. */
export interface OpenShards {
  now: number;
  most: number;
}

/** Shards of so many examples; `make` gives each from its number in the set. */
export function shardsOf<Item>(
  counts: readonly number[],
  make: (number: number) => Item,
  open: OpenShards = { now: 0, most: 0 },
): ShardSource<Item>[] {
  let first = 0;
  return counts.map((count) => {
    const start = first;
    first += count;
    return {
      count,
      async *open() {
        open.most = Math.max(open.most, ++open.now);
        try {
          for (let number = start; number < start + count; number++) yield make(number);
        } finally {
          open.now--;
        }
      },
    };
  });
}
