import fc from 'fast-check';
import type { ShardSource } from '../../src/train/stream.ts';

const counts = fc.array(fc.nat({ max: 12 }), { maxLength: 6 });

/** Inputs of an epoch's order: the examples per shard of both sets, and the options. */
export const epochs = fc.record({
  unlabeled: counts,
  labeled: counts,
  seed: fc.nat(),
  bufferSize: fc.integer({ min: 1, max: 20 }),
  epoch: fc.nat({ max: 5 }),
});

/** Number of open shards, and its maximum. */
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
