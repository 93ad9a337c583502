import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readAhead } from '../../src/data/ahead.ts';
import { collect } from '../support/examples.ts';

test('results come in the order of the items, with at most so many running', async () => {
  let running = 0;
  let most = 0;
  const task = async (item: number) => {
    most = Math.max(most, ++running);
    // Later items are done first.
    for (let turn = 0; turn < 20 - item; turn++) await null;
    running--;
    return item * 2;
  };
  const items = Array.from({ length: 20 }, (_, item) => item);
  expect(await collect(readAhead(items, 4, task))).toEqual(items.map((item) => item * 2));
  expect(most).toBe(4);
});

test('the first error in the order of the items is thrown, even when a later one came earlier', async () => {
  const task = async (item: number) => {
    // Lets the failure of the last item go unheard for a while, as Node counts it.
    if (item < 2) await new Promise(setImmediate);
    if (item > 0) throw new Error(`item ${item}`);
    return item;
  };
  await expect(collect(readAhead([0, 1, 2], 3, task))).rejects.toThrow('item 1');
});

test('what is not taken fits the room, unless it is one item alone', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 30 }),
      fc.integer({ min: 1, max: 10 }),
      async (sizes, room) => {
        const waiting: number[] = [];
        const task = async (size: number) => {
          waiting.push(size);
          // The first may be on its way to the taker.
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

test('it goes on while the taker is busy, and closes the source of one who stops', async () => {
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
    // Five that wait, and one in hand for which there is no room.
    expect(read).toBe(1 + 5 + 1);
    break;
  }
  expect(closed).toBe(true);
});

test('an error of the items comes after the results of those before it', async () => {
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
