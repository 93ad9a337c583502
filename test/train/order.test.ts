import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sum } from '../../src/arrays.ts';
import { batchesPerEpoch, batchSizes, epochOrder, readingOrder } from '../../src/train/order.ts';
import { epochs } from './shards.ts';

type Case = typeof epochs extends fc.Arbitrary<infer Value> ? Value : never;

const orderOf = ({ epoch, ...options }: Case) => [...epochOrder(options, options, epoch)];

describe('epochOrder', () => {
  test('gives every number once', () => {
    fc.assert(
      fc.property(epochs, (options) => {
        const total = sum(options.unlabeled) + sum(options.labeled);
        const sorted = orderOf(options).toSorted((a, b) => a - b);
        expect(sorted).toEqual(Array.from({ length: total }, (_, number) => number));
      }),
    );
  });

  test('spreads the labeled examples evenly', () => {
    fc.assert(
      fc.property(epochs, (options) => {
        const order = orderOf(options);
        let seen = 0;
        order.forEach((number, index) => {
          if (number >= sum(options.unlabeled)) seen++;
          const even = ((index + 1) * sum(options.labeled)) / order.length;
          expect(Math.abs(seen - even)).toBeLessThan(1);
        });
      }),
    );
  });

  test('can be followed by reading, with as many examples held as the buffer has', () => {
    fc.assert(
      fc.property(epochs, (options) => {
        const { unlabeled, bufferSize, epoch } = options;
        const reading = readingOrder('unlabeled', options, options, epoch);
        const held = new Set<number>();
        for (const number of orderOf(options)) {
          if (number >= sum(unlabeled)) continue;
          while (!held.has(number)) held.add(reading.next().value!.next);
          expect(held.size).toBeLessThanOrEqual(bufferSize);
          held.delete(number);
        }
      }),
    );
  });

  const example: Case = {
    unlabeled: [300, 200, 500],
    labeled: [50, 50],
    seed: 1,
    bufferSize: 100,
    epoch: 0,
  };

  test('another epoch and another seed have another order', () => {
    const order = orderOf(example);
    expect(orderOf(example)).toEqual(order);
    expect(orderOf({ ...example, epoch: 1 })).not.toEqual(order);
    expect(orderOf({ ...example, seed: 2 })).not.toEqual(order);
  });

  test('mixes the shards and moves examples far', () => {
    const order = orderOf(example).filter((number) => number < 1000);
    const shardOf = (number: number) => [300, 500, 1000].findIndex((end) => number < end);
    expect(new Set(order.slice(0, 100).map(shardOf)).size).toBe(2);
    const inOrder = order.filter((number, index) => number === order[index - 1]! + 1).length;
    expect(inOrder).toBeLessThan(50);
  });
});

test('the shards of a set are read from end to end, two at a time', () => {
  fc.assert(
    fc.property(epochs, (options) => {
      const { unlabeled, epoch } = options;
      const starts = unlabeled.map((_, shard) => sum(unlabeled.slice(0, shard)));
      const read = unlabeled.map(() => 0);
      for (const { shard, next, end } of readingOrder('unlabeled', options, options, epoch)) {
        expect(next).toBe(starts[shard]! + read[shard]!++);
        expect(end).toBe(starts[shard]! + unlabeled[shard]!);
        const open = read.filter((count, shard) => count > 0 && count < unlabeled[shard]!);
        expect(open.length).toBeLessThanOrEqual(2);
      }
      expect(read).toEqual(unlabeled);
    }),
  );
});

test.each([
  [0, 4, 0, []],
  [3, 4, 1, [3]],
  [4, 4, 1, [4]],
  [8, 4, 2, [4]],
  [9, 4, 3, [4, 1]],
])('%i examples in batches of %i are %i batches, of the sizes %j', (total, size, count, sizes) => {
  expect(batchesPerEpoch(total, size)).toBe(count);
  expect(batchSizes(total, size)).toEqual(sizes);
});
