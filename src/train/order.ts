/**
 * The order of an epoch's examples, known before any of them is read: a function of the seed, the
 * epoch and the sizes of the shards, and of nothing else. So a training ends with the same bits
 * whether its examples are streamed or cached, and an epoch can be left in the middle and taken up
 * again.
 *
 * An example is named by its number: its place among all, shard after shard, the unlabeled ones
 * first, then the labeled ones.
 *
 * Shards can be read from end to end in this order, two at a time, with few examples in memory:
 * those of the open shards take turns, and each is drawn from a buffer.
 */
import { sum } from '../arrays.ts';
import { type Random, randomFor, shuffledOrder } from '../data/random.ts';

/** How many examples each shard has, by set. */
export interface ShardSizes {
  readonly unlabeled: readonly number[];
  readonly labeled: readonly number[];
}
export type TrainingSet = keyof ShardSizes;

/** What decides the order of every epoch. */
export interface OrderOptions {
  readonly seed: number;
  /** Examples that are held to shuffle among. Default: 4,096. */
  readonly bufferSize?: number;
}

/** A shard that is being read: its place in the list of its set, and which examples are left. */
export interface OpenShard {
  readonly shard: number;
  /** The number of the next example, in the set. */
  next: number;
  readonly end: number;
}

const openShards = 2;

/** Gives each set random numbers of its own. */
const purposes: Readonly<Record<TrainingSet, number>> = { unlabeled: 0, labeled: 1 };

/** How many batches an epoch of `total` examples has. */
export function batchesPerEpoch(total: number, batchSize: number): number {
  return Math.ceil(total / batchSize);
}

/** The different sizes of an epoch's batches: the last one may be smaller than the others. */
export function batchSizes(total: number, batchSize: number): number[] {
  const last = total % batchSize;
  return [...(total >= batchSize ? [batchSize] : []), ...(last > 0 ? [last] : [])];
}

/** The numbers of all examples, each once. The labeled ones are spread evenly among the unlabeled. */
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
    // Of the first n examples, floor(n * labeledCount / total) are labeled.
    if (Math.floor((n * labeledCount) / total) === labeledSoFar) {
      yield unlabeled.next().value!;
    } else {
      labeledSoFar++;
      yield unlabeledCount + labeled.next().value!;
    }
  }
}

/** The numbers in the set of its examples, each once, in random order. */
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
      const place = Math.floor(random() * bufferSize);
      yield buffer[place]!;
      buffer[place] = next;
    }
  }
  for (const place of shuffledOrder(buffer.length, random)) yield buffer[place]!;
}

/**
 * The order in which the examples of a set are to be read in an epoch, each as the shard that has
 * it. Whoever reads on only until the example wanted next is there holds `bufferSize` at most.
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
 * The first shards of a random order in turns; where a shard ends, the next one takes its place.
 * Shards without examples have no turn.
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
    const place = turn % open.length;
    const current = open[place]!;
    yield current;
    if (++current.next === current.end) open.splice(place, 1);
  }
}

/** The number of each shard's first example, in its set. */
function startsOf(sizes: readonly number[]): number[] {
  let start = 0;
  return sizes.map((size) => {
    const first = start;
    start += size;
    return first;
  });
}
