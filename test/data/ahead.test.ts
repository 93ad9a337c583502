import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readAhead } from '../../src/data/ahead.ts';
import { collect } from '../support/examples.ts';

test('results keep the order of the items, with a bounded number of running tasks', async () => {
  let running = 0;
  let most = 0;
  const task = async (item: number) => {
    most = Math.max(most, ++running);
    // Later items finish first.
    for (let turn = 0; turn < 20 - item; turn++) await null;
    running--;
    return item * 2;
  };
  const items = Array.from({ length: 20 }, (_, item) => item);
  expect(await collect(readAhead(items, 4, task))).toEqual(items.map((item) => item * 2));
  expect(most).toBe(4);
});

test('throws the first error in the order of the items, even if a later item failed earlier', async () => {
  const task = async (item: number) => {
    // Leaves the error of the last item unhandled for a turn of the event loop.
    if (item < 2) await new Promise(setImmediate);
    if (item > 0) throw new Error(`item ${item}`);
    return item;
  };
  await expect(collect(readAhead([0, 1, 2], 3, task))).rejects.toThrow('item 1');
});

test('unconsumed items fit the room, unless there is only one', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 30 }),
      fc.integer({ min: 1, max: 10 }),
      async (sizes, room) => {
        const waiting: number[] = [];
        const task = async (size: number) => {
          waiting.push(size);
          // The first may be on its way to the consumer.
          const rest = waiting.slice(1);
          const all = rest.reduce((sum, each) => sum + each, 0);
          expect(all <= room || rest.length === 1).toBe(true);
          return size;
        };
        const results: number[] = [];
        for await (const result of readAhead(sizes, room, task, (size) => size)) {
          results.push(result);
          waiting.shift();
          await null;
        }
        expect(results).toEqual(sizes);
      },
    ),
    { numRuns: 100, seed: 2 },
  );
});

test('continues while the consumer is busy, and closes the source if the consumer stops', async () => {
  let read = 0;
  let closed = false;
  async function* items() {
    try {
      for (;;) yield read++;
    } finally {
      closed = true;
    }
  }
  for await (const first of readAhead(items(), 5, async (item) => item)) {
    expect(first).toBe(0);
    await new Promise(setImmediate);
    // Five wait, and the next does not fit the room.
    expect(read).toBe(1 + 5 + 1);
    break;
  }
  expect(closed).toBe(true);
});

test('throws an error of the items after the results of the items before it', async () => {
  async function* items() {
    yield 1;
    yield 2;
    throw new Error('no more');
  }
  const results: number[] = [];
  const all = async () => {
    for await (const result of readAhead(items(), 9, async (item) => item)) results.push(result);
  };
  await expect(all()).rejects.toThrow('no more');
  expect(results).toEqual([1, 2]);
});
