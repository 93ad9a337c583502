/** All examples of a data set, read once and drawn from for every cell. */
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

/** @throws UserError when the folder has no such files, or one of them cannot be read. */
export async function readAll(data: string, problem: Problem): Promise<Examples> {
  const store = await openStore(`${data}/${problem.folder}`);
  const config = readConfigOf(problem, problem.format);
  const read = async (prefix: string) => {
    const examples: Example[] = [];
    for await (const shard of cutShards(store, 'labeled', prefix, config.data)) {
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
  return { train: await read('train'), test: await read('test') };
}

/** A cell's examples: the first of a shuffled order are labeled, those after them are not. */
export function draw({ train }: Examples, { problem, labels, seed }: Cell) {
  const order = shuffledOrder(train.length, randomFor(seed, 4242));
  const take = (from: number, count: number) =>
    Array.from(order.subarray(from, from + count), (place) => train[place]!);
  return { labeled: take(0, labels), unlabeled: take(labels, problem.unlabeled) };
}
