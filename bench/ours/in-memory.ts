/** Trains on data that lie in memory as floats, as a peer is given them. */
import { randomFor, shuffledOrder } from '../../src/data/random.ts';
import type { Batch } from '../../src/train/batch-shape.ts';
import { train } from '../../src/train/loop.ts';
import { batchesPerEpoch } from '../../src/train/order.ts';
import type { ScheduleConfig } from '../../src/train/schedule.ts';
import type { TrainingStep } from '../../src/train/step.ts';
import { stopwatch } from './stopwatch.ts';

export interface InMemoryTraining {
  readonly step: TrainingStep;
  /** Everything that is trained on, as one batch. */
  readonly all: Batch;
  readonly batchSize: number;
  readonly epochs: number;
  readonly schedule: ScheduleConfig;
  readonly seed: number;
}

/** @returns the seconds and the mean loss of each epoch. */
export async function trainInMemory({ step, all, batchSize, seed, ...rest }: InMemoryTraining) {
  const lap = stopwatch();
  const seconds: number[] = [];
  const losses: number[] = [];
  await train({
    ...rest,
    step,
    batches: (epoch, skip) => shuffledBatches(all, batchSize, seed, epoch, skip),
    batchesPerEpoch: batchesPerEpoch(all.size, batchSize),
    signal: new AbortController().signal,
    onEpoch: ({ loss }) => {
      seconds.push(lap());
      losses.push(loss);
    },
  });
  return { seconds, losses };
}

/** The batches of an epoch in an order of its own, from the one numbered `skip` on. */
export async function* shuffledBatches(
  all: Batch,
  batchSize: number,
  seed: number,
  epoch: number,
  skip = 0,
): AsyncGenerator<Batch> {
  const order = shuffledOrder(all.size, randomFor(seed, epoch));
  for (let start = skip * batchSize; start < all.size; start += batchSize) {
    const places = order.subarray(start, start + batchSize);
    const rows = (values: Float32Array) => takeRows(values, values.length / all.size, places);
    yield {
      size: places.length,
      features: rows(all.features),
      targets: rows(all.targets),
      teacherMargins: rows(all.teacherMargins),
      weights: rows(all.weights),
    };
  }
}

function takeRows(values: Float32Array, width: number, places: Uint32Array): Float32Array {
  const taken = new Float32Array(places.length * width);
  for (let row = 0, to = 0; row < places.length; row++) {
    const from = places[row]! * width;
    // A view costs more than copying a few numbers one by one.
    if (width > 64) taken.set(values.subarray(from, from + width), to);
    else for (let column = 0; column < width; column++) taken[to + column] = values[from + column]!;
    to += width;
  }
  return taken;
}
