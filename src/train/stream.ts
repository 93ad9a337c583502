/**
 * The examples of an epoch in a random order, as batches, without ever holding more than two open
 * shards, a shuffle buffer and a few decoded batches.
 *
 * The order is a function of the seed, the epoch and the places of the shards in their lists, and
 * of nothing else: not of names, nor of which read ends first. So an epoch can be left in the middle
 * and taken up again.
 */
import { readAhead } from '../data/ahead.ts';
import { type Random, randomFor, shuffledOrder } from '../data/random.ts';

/** Gives the examples of a shard, in the same order at every opening. */
export interface ShardSource<Item> {
  open(): AsyncIterable<Item>;
}

export interface ExampleSet<Item> {
  readonly shards: readonly ShardSource<Item>[];
  /** Examples in all shards together. */
  readonly count: number;
}

export interface StreamOptions<Item> {
  readonly unlabeled: ExampleSet<Item>;
  readonly labeled: ExampleSet<Item>;
  readonly seed: number;
  /** Undecoded examples that are held to shuffle among. Default: 4,096. */
  readonly bufferSize?: number;
}

export interface BatchOptions<Item, Decoded> extends StreamOptions<Item> {
  readonly batchSize: number;
  /**
   * Decodes (and augments) an example; runs for several examples at once.
   * @param position the example's place in the epoch, from 0: a name for its random numbers.
   */
  decode(item: Item, position: number): Promise<Decoded>;
}

const openShards = 2;

/** How many batches an epoch has; the last one may be smaller than the others. */
export function batchesPerEpoch<Item>(
  { unlabeled, labeled }: Pick<StreamOptions<Item>, 'unlabeled' | 'labeled'>,
  batchSize: number,
): number {
  return Math.ceil((unlabeled.count + labeled.count) / batchSize);
}

/**
 * The decoded batches of an epoch, from the one numbered `skip` on. Those before are read and
 * shuffled, but not decoded.
 */
export async function* streamBatches<Item, Decoded>(
  options: BatchOptions<Item, Decoded>,
  epoch: number,
  skip = 0,
): AsyncGenerator<Decoded[]> {
  const { batchSize, decode } = options;
  const wanted = from(streamExamples(options, epoch), skip * batchSize);
  // Two batches are decoded while the one before trains.
  const decoded = readAhead(wanted, 2 * batchSize, ({ item, position }) => decode(item, position));
  let batch: Decoded[] = [];
  for await (const example of decoded) {
    batch.push(example);
    if (batch.length === batchSize) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

async function* from<Item>(items: AsyncIterable<Item>, first: number) {
  let position = 0;
  for await (const item of items) {
    if (position >= first) yield { item, position };
    position++;
  }
}

/** All examples of an epoch, each once. The labeled ones are spread evenly among the unlabeled. */
async function* streamExamples<Item>(
  { unlabeled, labeled, seed, bufferSize = 4096 }: StreamOptions<Item>,
  epoch: number,
): AsyncGenerator<Item> {
  const streams = {
    unlabeled: shuffled(unlabeled, bufferSize, randomFor(seed, epoch, 0)),
    labeled: shuffled(labeled, bufferSize, randomFor(seed, epoch, 1)),
  };
  const total = unlabeled.count + labeled.count;
  // Of the first n examples, floor(n * labeled.count / total) are labeled.
  const labeledAmong = (n: number) => Math.floor((n * labeled.count) / total);
  try {
    for (let position = 0; position < total; position++) {
      const isLabeled = labeledAmong(position + 1) > labeledAmong(position);
      const { value, done } = await streams[isLabeled ? 'labeled' : 'unlabeled'].next();
      if (!done) yield value;
    }
    // Each set checks its count at its end.
    for (const stream of Object.values(streams)) await stream.next();
  } finally {
    for (const stream of Object.values(streams)) await stream.return(undefined);
  }
}

/**
 * The examples of a set in random order: the order of the shards is random, the open shards take
 * turns, and each example is drawn from a buffer.
 * @throws Error when the set does not have `count` examples.
 */
async function* shuffled<Item>(
  { shards, count }: ExampleSet<Item>,
  bufferSize: number,
  random: Random,
): AsyncGenerator<Item> {
  const order = Array.from(shuffledOrder(shards.length, random), (place) => shards[place]!);
  const buffer: Item[] = [];
  let seen = 0;
  for await (const item of takingTurns(order, openShards)) {
    seen++;
    if (buffer.length < bufferSize) {
      buffer.push(item);
    } else {
      const place = Math.floor(random() * bufferSize);
      yield buffer[place]!;
      buffer[place] = item;
    }
  }
  if (seen !== count) throw new Error(`a set has ${seen} examples; expected ${count}`);
  for (const place of shuffledOrder(buffer.length, random)) yield buffer[place]!;
}

/** Examples of the first shards in turns; where a shard ends, the next in the list takes its place. */
async function* takingTurns<Item>(
  sources: readonly ShardSource<Item>[],
  width: number,
): AsyncGenerator<Item> {
  let opened = 0;
  const open = () => {
    const iterator = sources[opened++]!.open()[Symbol.asyncIterator]();
    return { iterator, next: ahead(iterator) };
  };
  const turns: ReturnType<typeof open>[] = [];
  try {
    for (let turn = 0; turns.length > 0 || opened < sources.length; ) {
      while (turns.length < width && opened < sources.length) turns.push(open());
      turn %= turns.length;
      const { iterator, next } = turns[turn]!;
      const { value, done } = await next;
      if (done) {
        turns.splice(turn, 1);
      } else {
        turns[turn]!.next = ahead(iterator);
        yield value;
        turn++;
      }
    }
  } finally {
    for (const { iterator } of turns) await iterator.return?.();
  }
}

/** Asks for the next item now, so that its shard is read while the others have their turns. */
function ahead<Item>(iterator: AsyncIterator<Item>): Promise<IteratorResult<Item>> {
  const next = iterator.next();
  // It may fail before its turn comes; until then the failure is not an unhandled one.
  next.catch(() => {});
  return next;
}
