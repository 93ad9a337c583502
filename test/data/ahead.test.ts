import { expect, test } from 'vitest';
import { readAhead } from '../../src/data/ahead.ts';
import { collect } from './dataset.ts';

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
