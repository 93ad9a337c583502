/** All examples of a data set, read once; every cell draws from them. */
import { cutShards } from '../src/data/cut.ts';
import { type Example, isRejected } from '../src/data/example.ts';
import { randomFor, shuffledOrder } from '../src/data/random.ts';
import { readExamples } from '../src/data/read.ts';
import { UserError } from '../src/errors.ts';
import { openStore } from '../src/store/open.ts';
import { type Cell, type Problem, readConfigOf } from './problems.ts';

export interface Examples {
  readonly train: readonly Example[];
  readonly test: readonly Example[];
}

/**
 * Reads all examples.
 *
 * @throws UserError if the folder lacks the files, or one of them cannot be read.
 */
export async function readAll(data: string, problem: Problem): Promise<Examples> {
  const store = await openStore(`${data}/${problem.folder}`);
  const config = readConfigOf(problem, problem.format);
  const read = async (prefix: string) => {
    const examples: Example[] = [];
    for await (const shard of cutShards(store, 'labeled', prefix, config)) {
      for await (const item of readExamples(store, shard, config)) {
        if (isRejected(item)) throw new UserError(`${item.id}: ${item.reason}`, 'Mend the file.');
        examples.push(item);
      }
    }
    if (examples.length > 0) return examples;
    throw new UserError(
      `${store.location} has no ${problem.format} files whose names start with ${prefix}`,
      'Give the folder of the data sets: npm run evidence -- --data FOLDER',
    );
  };
  if (problem.testShare !== undefined) return split(await read(''), problem.testShare);
  return { train: await read('train'), test: await read('test') };
}

/** Splits the examples in the same way for all draws. */
function split(examples: readonly Example[], testShare: number): Examples {
  const order = shuffledOrder(examples.length, randomFor(1, 77));
  const shuffled = Array.from(order, (index) => examples[index]!);
  const count = Math.round(testShare * examples.length);
  return { test: shuffled.slice(0, count), train: shuffled.slice(count) };
}

/** Draws a cell's examples: the first of a shuffled order are labeled, the others are not. */
export function draw({ train }: Examples, { problem, labels, seed }: Cell) {
  const order = shuffledOrder(train.length, randomFor(seed, 4242));
  const take = (from: number, count: number) =>
    Array.from(order.subarray(from, from + count), (index) => train[index]!);
  return { labeled: take(0, labels), unlabeled: take(labels, problem.unlabeled) };
}
