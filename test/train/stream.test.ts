import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sum } from '../../src/arrays.ts';
import { epochOrder } from '../../src/train/order.ts';
import { type ShardSource, streamExamples } from '../../src/train/stream.ts';
import { collect } from '../support/examples.ts';
import { epochs, shardsOf } from './shards.ts';

const named = (set: string, sizes: readonly number[]) =>
  shardsOf(sizes, (number) => `${set}${number}`);
const noExamples: ShardSource<string>[] = [];

describe('streamExamples', () => {
  test('yields each example with its number, in the order of the epoch, from any position on', () =>
    fc.assert(
      fc.asyncProperty(epochs, fc.nat({ max: 150 }), async (options, first) => {
        const { unlabeled, labeled, epoch } = options;
        const sets = { unlabeled: named('u', unlabeled), labeled: named('l', labeled) };
        const found = await collect(streamExamples(sets, options, epoch, first));
        const expected = [...epochOrder(options, options, epoch)].map((number) => {
          const inLabeled = number - sum(unlabeled);
          return { item: inLabeled < 0 ? `u${number}` : `l${inLabeled}`, number };
        });
        expect(found).toEqual(expected.slice(first));
      }),
    ));

  test('the order does not depend on which read is slow', async () => {
    const slow = (source: ShardSource<string>, turns: number): ShardSource<string> => ({
      count: source.count,
      async *open() {
        for await (const item of source.open()) {
          for (let turn = 0; turn < turns; turn++) await null;
          yield item;
        }
      },
    });
    const orderWith = (turns: readonly number[]) => {
      const shards = named('u', [30, 20, 25]).map((shard, index) => slow(shard, turns[index]!));
      return collect(streamExamples({ unlabeled: shards, labeled: noExamples }, { seed: 1 }, 0, 0));
    };
    expect(await orderWith([0, 90, 3])).toEqual(await orderWith([50, 0, 0]));
  });

  test('holds two open shards and a buffer, and closes what it opened', async () => {
    const open = { now: 0, most: 0 };
    let read = 0;
    const unlabeled = shardsOf(Array<number>(20).fill(50), () => ++read, open);
    const options = { seed: 1, bufferSize: 100 };
    let taken = 100;
    for await (const _ of streamExamples({ unlabeled, labeled: [] }, options, 0, taken)) {
      // The buffer, one requested example per open shard, and the one in transit.
      expect(read - taken).toBeLessThanOrEqual(100 + 2 + 1);
      if (++taken === 400) break;
    }
    expect(taken).toBe(400);
    expect(open).toEqual({ now: 0, most: 2 });
  });

  test('a shard with more or fewer examples than counted is an error', async () => {
    const [shard] = named('u', [10]);
    for (const [count, relation] of [
      [9, 'more'],
      [11, 'fewer'],
    ] as const) {
      const sets = { unlabeled: [{ ...shard!, count }], labeled: named('l', [3]) };
      const all = collect(streamExamples(sets, { seed: 1 }, 0, 0));
      await expect(all).rejects.toThrow(`a shard has ${relation} examples than ${count}`);
    }
  });

  test('an error of a shard comes through, and the others are closed', async () => {
    const broken: ShardSource<string> = {
      count: 2,
      async *open() {
        yield 'one';
        throw new Error('connection lost');
      },
    };
    const open = { now: 0, most: 0 };
    const unlabeled = [broken, ...shardsOf([9], String, open)];
    const labeled = shardsOf([9], String, open);
    const all = collect(streamExamples({ unlabeled, labeled }, { seed: 1 }, 0, 0));
    await expect(all).rejects.toThrow('connection lost');
    expect(open).toEqual({ now: 0, most: 2 });
  });
});
