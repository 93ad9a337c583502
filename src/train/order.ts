/**
 * The order of an epoch's examples. It depends only on the seed, the epoch and the sizes of the
 * shards, so it is known before any example is read. A training therefore ends with the same bytes
 * whether its examples are streamed or cached, and an epoch can be resumed in the middle.
 *
 * The number of an example is its index among all, shard after shard, first the unlabeled examples,
 * then the labeled ones.
 *
 * In this order, every shard is read once from start to end, with few examples in memory. Two
 * shards are open at a time and take turns, and each example is drawn from a buffer.
 */
import { sum } from '../arrays.ts';
import { type Random, randomFor, shuffledOrder } from '../data/random.ts';

/** Number of examples in each shard, per set. */
export interface ShardSizes {
  readonly unlabeled: readonly number[];
  readonly labeled: readonly number[];
}
export type TrainingSet = keyof ShardSizes;

/** Inputs that determine the order of every epoch. */
export interface OrderOptions {
  readonly seed: number;
  /** Size of the shuffle buffer, in examples. Default: 4,096. */
  readonly bufferSize?: number;
}

/** Shard that is being read: its index in the list of its set, and its remaining examples. */
export interface OpenShard {
  readonly shard: number;
  /** Number of the next example in the set. */
  next: number;
  readonly end: number;
}

const openShards = 2;

/** Seeds that give each set its own random numbers. */
const purposes: Readonly<Record<TrainingSet, number>> = { unlabeled: 0, labeled: 1 };

/** Returns the number of batches in an epoch of `total` examples. */
export function batchesPerEpoch(total: number, batchSize: number): number {
  return Math.ceil(total / batchSize);
}

/** Returns the number of batches in all epochs of a training on `total` examples. */
export function epochSteps(
  { epochs, batchSize }: { readonly epochs: number; readonly batchSize: number },
  total: number,
): number {
  return epochs * batchesPerEpoch(total, batchSize);
}

/** Lists the different sizes of an epoch's batches: the last batch may be smaller. */
export function batchSizes(total: number, batchSize: number): number[] {
  const last = total % batchSize;
  return [...(total >= batchSize ? [batchSize] : []), ...(last > 0 ? [last] : [])];
}

/** Yields the number of each example once; labeled ones are spread evenly among the unlabeled. */
export function* epochOrder(
  sizes: ShardSizes,
  options: OrderOptions,
  epoch: number,
): Generator<number, undefined> {
  const unlabeled = shuffled('unlabeled', sizes, options, epoch);
  const labeled = shuffled('labeled', sizes, options, epoch);
  const [unlabeledCount, labeledCount] = [sum(sizes.unlabeled), sum(sizes.labeled)];
  const total = unlabeledCount + labeledCount;
  let labeledSoFar = 0;
  for (let n = 1; n <= total; n++) {
    // Among the first n examples, floor(n * labeledCount / total) are labeled.
    if (Math.floor((n * labeledCount) / total) === labeledSoFar) {
      yield unlabeled.next().value!;
    } else {
      labeledSoFar++;
      yield unlabeledCount + labeled.next().value!;
    }
  }
}

/** Yields the number of each example of a set once, in random order. */
function* shuffled(
  set: TrainingSet,
  sizes: ShardSizes,
  { seed, bufferSize = 4096 }: OrderOptions,
  epoch: number,
): Generator<number, undefined> {
  const random = randomFor(seed, epoch, purposes[set]);
  const buffer: number[] = [];
  for (const { next } of takeTurns(sizes[set], random)) {
    if (buffer.length < bufferSize) {
      buffer.push(next);
    } else {
      const index = Math.floor(random() * bufferSize);
      yield buffer[index]!;
      buffer[index] = next;
    }
  }
  for (const index of shuffledOrder(buffer.length, random)) yield buffer[index]!;
}

/**
 * Yields the shards of the examples of a set in the order in which an epoch reads them. A reader
 * that stops as soon as it has the next example holds at most `bufferSize` examples.
 */
export function readingOrder(
  set: TrainingSet,
  sizes: ShardSizes,
  { seed }: OrderOptions,
  epoch: number,
): Generator<OpenShard, undefined> {
  return takeTurns(sizes[set], randomFor(seed, epoch, purposes[set]));
}

/**
 * Yields the open shards of a random order in turns; when a shard ends, the next one replaces it.
 * Shards without examples are skipped.
 */
function* takeTurns(sizes: readonly number[], random: Random): Generator<OpenShard, undefined> {
  const starts = startsOf(sizes);
  const order = shuffledOrder(sizes.length, random).filter((shard) => sizes[shard]! > 0);
  const open: OpenShard[] = [];
  let opened = 0;
  for (let turn = 0; ; turn++) {
    while (open.length < openShards && opened < order.length) {
      const shard = order[opened++]!;
      open.push({ shard, next: starts[shard]!, end: starts[shard]! + sizes[shard]! });
    }
    if (open.length === 0) return;
    const index = turn % open.length;
    const current = open[index]!;
    yield current;
    if (++current.next === current.end) open.splice(index, 1);
  }
}

/** Lists the number of each shard's first example in its set. */
function startsOf(sizes: readonly number[]): number[] {
  let start = 0;
  return sizes.map((size) => {
    const first = start;
    start += size;
    return first;
  });
}
