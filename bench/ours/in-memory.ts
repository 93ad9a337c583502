// Trains on floats in memory, which are the input of a peer, too.
import { numbersOf } from '../../src/data/features/kind.ts';
import { randomFor, shuffledOrder } from '../../src/data/random.ts';
import { oneClass } from '../../src/debias/decisions.ts';
import type { Batch } from '../../src/train/batch-shape.ts';
import { train } from '../../src/train/loop.ts';
import { batchesPerEpoch } from '../../src/train/order.ts';
import type { ScheduleConfig } from '../../src/train/schedule.ts';
import type { TrainingStep } from '../../src/train/step.ts';
import { stopwatch } from './stopwatch.ts';

export interface InMemoryTraining {
  readonly step: TrainingStep;
  /** All training data, as one batch. */
  readonly all: Batch;
  readonly batchSize: number;
  readonly epochs: number;
  readonly schedule: ScheduleConfig;
  readonly seed: number;
}

/** Trains a network. @returns the seconds and the mean loss of each epoch. */
export async function trainInMemory({ step, all, batchSize, seed, ...rest }: InMemoryTraining) {
  const lap = stopwatch();
  const seconds: number[] = [];
  const losses: number[] = [];
  await train({
    ...rest,
    step,
    batches: (epoch, skip) => shuffledBatches(all, batchSize, seed, epoch, skip),
    batchesPerEpoch: batchesPerEpoch(all.size, batchSize),
    decisions: oneClass(all.targets.length / all.size),
    signal: new AbortController().signal,
    onEpoch: ({ loss }) => {
      seconds.push(lap());
      losses.push(loss);
    },
  });
  return { seconds, losses };
}

/** Yields the batches of an epoch in its own order, without the first `skip`. */
export async function* shuffledBatches(
  all: Batch,
  batchSize: number,
  seed: number,
  epoch: number,
  skip = 0,
): AsyncGenerator<Batch> {
  const order = shuffledOrder(all.size, randomFor(seed, epoch));
  for (let start = skip * batchSize; start < all.size; start += batchSize) {
    const indices = order.subarray(start, start + batchSize);
    const rows = (values: Float32Array) => takeRows(values, values.length / all.size, indices);
    yield {
      size: indices.length,
      rows: { n: indices.length, values: rows(numbersOf(all.rows)) },
      targets: rows(all.targets),
      teacherMargins: rows(all.teacherMargins),
      weights: rows(all.weights),
    };
  }
}

function takeRows(values: Float32Array, width: number, indices: Uint32Array): Float32Array {
  const taken = new Float32Array(indices.length * width);
  for (let row = 0, to = 0; row < indices.length; row++) {
    const from = indices[row]! * width;
    // A view costs more than copying a few numbers one by one.
    if (width > 64) taken.set(values.subarray(from, from + width), to);
    else for (let column = 0; column < width; column++) taken[to + column] = values[from + column]!;
    to += width;
  }
  return taken;
}
