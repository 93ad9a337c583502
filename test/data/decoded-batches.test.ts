import { setImmediate, setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { decodedBatches } from '../../src/data/decoded-batches.ts';
import type { Rejected } from '../../src/data/example.ts';
import { collect } from '../support/examples.ts';

async function* countTo(last: number): AsyncGenerator<number> {
  for (let item = 1; item <= last; item++) yield item;
}

test('batches keep the order of the items, whichever is decoded first; the last may be short', async () => {
  const decode = async (item: number) => {
    await setTimeout(item % 2 === 0 ? 0 : 5);
    return { item };
  };
  const batches = await collect(decodedBatches(countTo(7), { batchSize: 3, room: 4, decode }));
  expect(batches.map((batch) => batch.map(({ item }) => item))).toEqual([
    [1, 2, 3],
    [4, 5, 6],
    [7],
  ]);
});

test('rejected items are in no batch, and are collected in their order', async () => {
  const rejected: Rejected[] = [];
  const decode = async (item: number) => {
    await setTimeout(10 - item);
    return item % 3 === 0 ? { id: String(item), reason: 'a multiple of 3' } : { item };
  };
  const options = { batchSize: 2, room: 9, decode };
  const batches = await collect(decodedBatches(countTo(6), options, (one) => rejected.push(one)));
  expect(batches.map((batch) => batch.map(({ item }) => item))).toEqual([
    [1, 2],
    [4, 5],
  ]);
  expect(rejected.map(({ id }) => id)).toEqual(['3', '6']);
});

test('decodes ahead up to the room, in which an item takes its size', async () => {
  const started: number[] = [];
  const decode = async (item: number) => {
    started.push(item);
    return { item };
  };
  const options = { batchSize: 1, room: 6, size: () => 2, decode };
  const batches = decodedBatches(countTo(9), options);
  await batches.next();
  // Whatever may start without another call has started in the next turn of the event loop.
  await setImmediate();
  // One was taken; three more fill the room.
  expect(started).toEqual([1, 2, 3, 4]);
  await batches.return(undefined);
});

test('no items give no batch', async () => {
  const decode = async (item: number) => ({ item });
  expect(await collect(decodedBatches(countTo(0), { batchSize: 2, room: 2, decode }))).toEqual([]);
});
