import { once } from 'node:events';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { augmentSchema } from '../../src/data/features/augment-config.ts';
import type { Features } from '../../src/data/features/index.ts';
import { oneClass } from '../../src/debias/decisions.ts';
import type { Batch } from '../../src/train/batch-shape.ts';
import { type InputOptions, openInput } from '../../src/train/input.ts';
import type { Supervision } from '../../src/train/supervision.ts';
import { collect } from '../support/examples.ts';

const features: Features = {
  ...{ kind: 'image', height: 8, width: 6, channels: 3 },
  ...{ mean: [0.4, 0.5, 0.6], std: [0.2, 0.3, 0.4] },
};
const augment = augmentSchema.parse({ flip: true, resizedCrop: {}, randAugment: {}, erasing: {} });
const pixels = (number: number) =>
  Uint8Array.from({ length: 144 }, (_, at) => (at * (number + 1) * 37) % 256);

interface Item extends Supervision {
  readonly number: number;
}

const items = Array.from(
  { length: 21 },
  (_, number): Item => ({
    number,
    target: Float32Array.of(number % 2, 1 - (number % 2)),
    ...{ teacherMargins: Float32Array.of(0.5), weights: Float32Array.of(number / 21) },
  }),
);

async function* read() {
  yield* items;
}

/** Reads three epochs, the last one from the third batch on. */
async function epochs(open: typeof openInput, memoryBytes: number): Promise<Batch[]> {
  const options: InputOptions<Item> = {
    sets: { labeled: [], unlabeled: [{ count: items.length, open: read }] },
    ...{ features, decisions: oneClass(2), augment, mixup: 0.4, seed: 3 },
    ...{ batchSize: 4, epochs: 3 },
    decode: async ({ number }) => pixels(number),
    findRoom: async () => ({ memoryBytes, diskBytes: 0, folder: '' }),
  };
  const input = open(options);
  const batches: Batch[] = [];
  for (const [epoch, skip] of [0, 0, 2].entries()) {
    batches.push(...(await collect(input.batches(epoch, skip))));
  }
  // A training that is stopped leaves batches that are not read.
  for await (const _ of input.batches(2, 0)) break;
  await input.close();
  return batches;
}

test.each([0, 1e6])('threads make the same batches, with a cache of %i bytes', async (bytes) => {
  const compiled: { openInput: typeof openInput } = await import(
    pathToFileURL(path.resolve('dist/src/train/input.js')).href
  );
  const found = await epochs(compiled.openInput, bytes);
  const expected = await epochs(openInput, bytes);
  expect(found.length).toBe(6 + 6 + 4);
  expect(found).toEqual(expected);
});

test('the thread works as it is bundled for the functions', async () => {
  const settings = { features, augment, seed: 3 };
  const threads = ['src/train/augment-thread.js', 'lambda/augment-thread.mjs'].map(
    (file) => new Worker(path.resolve('dist', file), { workerData: settings }),
  );
  const answers = await Promise.all(
    threads.map(async (thread) => {
      thread.postMessage({ decoded: pixels(1), epoch: 1, first: 2 });
      const [values] = await once(thread, 'message');
      await thread.terminate();
      return values as Float32Array;
    }),
  );
  expect(answers[0]!.length).toBe(144);
  expect(answers[1]).toEqual(answers[0]);
});
