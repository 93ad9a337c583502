/**
 * Batches of a training. Examples are streamed and decoded for the first whole epoch; later epochs
 * use a cache if there is room. Both have the same bytes.
 */

import { sum } from '../arrays.ts';
import { readAhead } from '../data/ahead.ts';
import { decodedBatches } from '../data/decoded-batches.ts';
import type { Decoded } from '../data/features/kind.ts';
import { type BatchOptions, createBatchMaker } from './batch.ts';
import type { Batch } from './batch-shape.ts';
import { type CacheRoom, type ExampleCache, type NumberedExample, openCache } from './cache.ts';
import { epochOrder, type OrderOptions } from './order.ts';
import { sizesOf, streamExamples, type TrainingSets } from './stream.ts';
import type { Supervision } from './supervision.ts';

export interface InputOptions<Item extends Supervision> extends BatchOptions, OrderOptions {
  readonly sets: TrainingSets<Item>;
  readonly epochs: number;
  /** Decodes an example; called concurrently for several. */
  decode(item: Item): Promise<Decoded>;
  /** Measures the room for a cache, before it is filled. */
  findRoom(): Promise<CacheRoom>;
}

/** Batches of one training, read one epoch at a time. */
export interface Input {
  /** Reads the batches of an epoch (from 0), without the first `skip`; the same in every call. */
  batches(epoch: number, skip: number): AsyncIterable<Batch>;
  /** Frees the cache. */
  close(): Promise<void>;
}

export function openInput<Item extends Supervision>(options: InputOptions<Item>): Input {
  const { batchSize, epochs } = options;
  const sizes = sizesOf(options.sets);
  const count = sum([...sizes.unlabeled, ...sizes.labeled]);
  const maker = createBatchMaker(options);
  let cache: ExampleCache | undefined;
  let isFull = false;

  async function* fromShards(epoch: number, skip: number): AsyncGenerator<MakeBatch> {
    const worthFilling = skip === 0 && epoch + 1 < epochs;
    if (worthFilling) cache ??= await openCache(options, count, await options.findRoom());
    let filling = worthFilling ? cache : undefined;
    let first = skip * batchSize;
    for await (const examples of batchesFrom(options, epoch, first)) {
      if (filling && !(await filling.keep(examples))) {
        await filling.close();
        cache = filling = undefined;
      }
      const position = first;
      yield () => maker.fromExamples(examples, epoch, position);
      first += examples.length;
    }
    isFull = filling !== undefined;
  }

  async function* fromCache(
    full: ExampleCache,
    epoch: number,
    skip: number,
  ): AsyncGenerator<MakeBatch> {
    let first = skip * batchSize;
    const numbers = numberedBatches(epochOrder(sizes, options, epoch), batchSize, first);
    for await (const { records, indices } of full.read(numbers)) {
      const position = first;
      yield () => maker.fromRecords(records, indices, epoch, position);
      first += indices.length;
    }
  }

  return {
    batches(epoch, skip) {
      const makes = cache && isFull ? fromCache(cache, epoch, skip) : fromShards(epoch, skip);
      return madeBatches(makes, maker.parallel);
    },
    async close() {
      await maker.close();
      await cache?.close();
      cache = undefined;
    },
  };
}

/** Makes a batch; must be called before the next one is read. */
type MakeBatch = () => Batch | Promise<Batch>;

/** Yields batches. With threads, they are made while the one before is trained. */
async function* madeBatches(
  makes: AsyncIterable<MakeBatch>,
  parallel: number,
): AsyncGenerator<Batch> {
  if (parallel > 0) yield* readAhead(makes, parallel, async (make) => make());
  else for await (const make of makes) yield make();
}

/** Yields an epoch's examples from a position on; decodes two batches in advance. */
function batchesFrom<Item extends Supervision>(
  { sets, batchSize, ...options }: InputOptions<Item>,
  epoch: number,
  first: number,
): AsyncIterable<NumberedExample[]> {
  const decode = async ({ item, number }: { item: Item; number: number }) => {
    return { number, decoded: await options.decode(item), supervision: item };
  };
  const streamed = streamExamples(sets, options, epoch, first);
  return decodedBatches(streamed, { batchSize, room: 2 * batchSize, decode });
}

/** Yields the numbers of an epoch's examples from a position on, in batches. */
function* numberedBatches(
  order: Iterable<number>,
  batchSize: number,
  first: number,
): Generator<number[]> {
  let batch: number[] = [];
  let position = 0;
  for (const number of order) {
    if (position++ < first) continue;
    batch.push(number);
    if (batch.length < batchSize) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
