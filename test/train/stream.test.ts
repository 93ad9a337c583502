import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  batchesPerEpoch,
  type ExampleSet,
  type ShardSource,
  streamBatches,
} from '../../src/train/stream.ts';

/** Node 20 has no Array.fromAsync. */
async function collect<Item>(stream: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

/** Examples named by set, shard and place; `sizes` has the number of each shard. */
function set(name: string, sizes: readonly number[]): ExampleSet<string> {
  const shards = sizes.map((size, shard) => ({
    async *open() {
      for (let place = 0; place < size; place++) yield `${name}-${shard}-${place}`;
    },
  }));
  return { shards, count: sizes.reduce((sum, size) => sum + size, 0) };
}

function namesOf(name: string, sizes: readonly number[]): string[] {
  return sizes.flatMap((size, shard) =>
    Array.from({ length: size }, (_, place) => `${name}-${shard}-${place}`),
  );
}

const sizes = fc.array(fc.nat({ max: 12 }), { maxLength: 6 });
const cases = fc.record({
  unlabeled: sizes,
  labeled: sizes,
  seed: fc.nat(),
  bufferSize: fc.integer({ min: 1, max: 20 }),
  batchSize: fc.integer({ min: 1, max: 9 }),
  epoch: fc.nat({ max: 5 }),
});
type Case = typeof cases extends fc.Arbitrary<infer Value> ? Value : never;

function batches({ unlabeled, labeled, epoch, ...options }: Case, skip = 0) {
  const sets = { unlabeled: set('u', unlabeled), labeled: set('l', labeled) };
  const decode = async (item: string, position: number) => ({ item, position });
  return collect(streamBatches({ ...sets, ...options, decode }, epoch, skip));
}

const items = (stream: readonly (readonly { item: string }[])[]) =>
  stream.flat().map(({ item }) => item);

describe('streamBatches', () => {
  test('gives every example once, in full batches but for the last', () =>
    fc.assert(
      fc.asyncProperty(cases, async (options) => {
        const { unlabeled, labeled, batchSize } = options;
        const found = await batches(options);
        expect(items(found).toSorted()).toEqual(
          [...namesOf('u', unlabeled), ...namesOf('l', labeled)].toSorted(),
        );
        const sets = { unlabeled: set('u', unlabeled), labeled: set('l', labeled) };
        expect(found.length).toBe(batchesPerEpoch(sets, batchSize));
        for (const batch of found.slice(0, -1)) expect(batch.length).toBe(batchSize);
        expect(found.flat().map(({ position }) => position)).toEqual(found.flat().map((_, i) => i));
      }),
    ));

  test('gives the rest of the same epoch from any batch on', () =>
    fc.assert(
      fc.asyncProperty(cases, fc.nat({ max: 20 }), async (options, skip) => {
        expect(await batches(options, skip)).toEqual((await batches(options)).slice(skip));
      }),
    ));

  test('spreads the labeled examples evenly', () =>
    fc.assert(
      fc.asyncProperty(cases, async (options) => {
        const order = items(await batches(options));
        const labeled = order.filter((item) => item.startsWith('l')).length;
        let seen = 0;
        order.forEach((item, i) => {
          if (item.startsWith('l')) seen++;
          expect(Math.abs(seen - ((i + 1) * labeled) / order.length)).toBeLessThan(1);
        });
      }),
    ));

  const example: Case = {
    unlabeled: [300, 200, 500],
    labeled: [50, 50],
    seed: 1,
    bufferSize: 100,
    batchSize: 32,
    epoch: 0,
  };

  test('another epoch and another seed have another order', async () => {
    const order = items(await batches(example));
    expect(items(await batches({ ...example, epoch: 1 }))).not.toEqual(order);
    expect(items(await batches({ ...example, seed: 2 }))).not.toEqual(order);
  });

  test('mixes the shards and moves examples far from their places', async () => {
    const order = items(await batches(example)).filter((item) => item.startsWith('u'));
    const shards = new Set(order.slice(0, 100).map((item) => item.split('-')[1]));
    expect(shards.size).toBe(2);
    const inPlace = order.filter((item, i) => i > 0 && follows(order[i - 1]!, item)).length;
    expect(inPlace).toBeLessThan(50);
  });

  function follows(before: string, item: string): boolean {
    const [shard, place] = before.split('-').slice(1);
    return item === `u-${shard}-${Number(place) + 1}`;
  }

  test('the order does not depend on which read is slow', async () => {
    const slow = (source: ShardSource<string>, turns: number): ShardSource<string> => ({
      async *open() {
        for await (const item of source.open()) {
          for (let turn = 0; turn < turns; turn++) await null;
          yield item;
        }
      },
    });
    const orderWith = async (turns: readonly number[]) => {
      const { shards, count } = set('u', [30, 20, 25]);
      const unlabeled = { shards: shards.map((shard, i) => slow(shard, turns[i]!)), count };
      const options = { unlabeled, labeled: set('l', []), seed: 1, batchSize: 10 };
      return collect(streamBatches({ ...options, decode: async (item) => item }, 0));
    };
    expect(await orderWith([0, 90, 3])).toEqual(await orderWith([50, 0, 0]));
  });

  test('holds two open shards, a buffer and a few batches, and closes what it opened', async () => {
    let [open, most, read, decoded, taken] = [0, 0, 0, 0, 0];
    const shards = Array.from({ length: 20 }, () => ({
      async *open() {
        most = Math.max(most, ++open);
        try {
          for (let place = 0; place < 50; place++) yield ++read;
        } finally {
          open--;
        }
      },
    }));
    const decode = async (item: number) => {
      decoded++;
      return item;
    };
    const options = { seed: 1, batchSize: 10, bufferSize: 100, decode };
    const sets = { unlabeled: { shards, count: 1000 }, labeled: { shards: [], count: 0 } };
    for await (const batch of streamBatches({ ...sets, ...options }, 0, 10)) {
      taken += batch.length;
      expect(decoded - taken).toBeLessThanOrEqual(20);
      // Skipped ones, the buffer, one from each open shard, and the one on its way.
      expect(read - 100 - decoded).toBeLessThanOrEqual(100 + 2 + 1);
      if (taken === 300) break;
    }
    expect(most).toBe(2);
    expect(open).toBe(0);
  });

  test('a set with more or fewer examples than counted is an error', async () => {
    for (const wrong of [9, 11]) {
      const unlabeled = { ...set('u', [10]), count: wrong };
      const options = { unlabeled, labeled: set('l', [3]), seed: 1, batchSize: 4 };
      const all = collect(streamBatches({ ...options, decode: async (item) => item }, 0));
      await expect(all).rejects.toThrow(`10 examples; expected ${wrong}`);
    }
  });

  test('an error of a shard or of decoding comes through', async () => {
    const broken = {
      async *open(): AsyncGenerator<string> {
        yield 'one';
        throw new Error('connection lost');
      },
    };
    const options = { labeled: set('l', []), seed: 1, batchSize: 2 };
    const decode = async (item: string) => item;
    const unlabeled = { shards: [broken, ...set('u', [9]).shards], count: 11 };
    await expect(collect(streamBatches({ ...options, unlabeled, decode }, 0))).rejects.toThrow(
      'connection lost',
    );
    const refuse = () => Promise.reject(new Error('not an image'));
    await expect(
      collect(streamBatches({ ...options, unlabeled: set('u', [9]), decode: refuse }, 0)),
    ).rejects.toThrow('not an image');
  });
});
