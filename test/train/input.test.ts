import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { sum } from '../../src/arrays.ts';
import { augmentSchema } from '../../src/data/features/augment-config.ts';
import type { Features } from '../../src/data/features/index.ts';
import { type Decoded, numbersOf } from '../../src/data/features/kind.ts';
import { randomFor } from '../../src/data/random.ts';
import { type Decisions, manyLabels, oneClass } from '../../src/debias/decisions.ts';
import type { Batch } from '../../src/train/batch-shape.ts';
import type { CacheRoom } from '../../src/train/cache.ts';
import { type InputOptions, openInput } from '../../src/train/input.ts';
import { batchesPerEpoch, epochOrder } from '../../src/train/order.ts';
import { RecordFile } from '../../src/train/record-file.ts';
import { recordBytes } from '../../src/train/records.ts';
import type { Supervision } from '../../src/train/supervision.ts';
import { collect } from '../support/examples.ts';
import { openFilesUnder } from '../support/open-files.ts';
import { shardsOf } from './shards.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'input-'));
});
afterAll(() => rm(folder, { recursive: true }));

const vector: Features = { kind: 'vector', length: 5 };
// Its 18 pixels do not fill a whole number of floats.
const image: Features = {
  ...{ kind: 'image', height: 3, width: 2, channels: 3 },
  ...{ mean: [0.4, 0.5, 0.6], std: [0.2, 0.3, 0.4] },
};

const text: Features = { kind: 'text', maxCharacters: 100 };

type Room = 'memory' | 'disk' | 'none';
const rooms: Record<Room, Omit<CacheRoom, 'folder'>> = {
  memory: { memoryBytes: 1e6, diskBytes: 0 },
  disk: { memoryBytes: 0, diskBytes: 1e6 },
  none: { memoryBytes: 0, diskBytes: 0 },
};

interface Item extends Supervision {
  readonly number: number;
}

/** An example whose every figure depends on its number. */
function itemOf({ outputs, perExample }: Decisions, number: number, isLabeled = false): Item {
  const random = randomFor(7, number);
  return {
    number,
    target: Float32Array.from({ length: outputs }, random),
    teacherMargins: Float32Array.from(
      { length: perExample },
      isLabeled ? () => Number.NaN : random,
    ),
    weights: Float32Array.from({ length: perExample }, isLabeled ? () => 1 : random),
  };
}

const vectorOf = (number: number) =>
  Float32Array.from({ length: 5 }, (_, index) => number + index / 8);
const pixelsOf = (number: number) => Uint8Array.from({ length: 18 }, (_, index) => number * index);

const textOf = (number: number) => Buffer.from('ü'.repeat(number % 7) + number);

function decodedOf(features: Features, number: number): Decoded {
  if (features === text) return textOf(number);
  return features === vector ? vectorOf(number) : pixelsOf(number);
}

interface Case {
  readonly unlabeled: readonly number[];
  readonly labeled: readonly number[];
  readonly seed: number;
  readonly bufferSize: number;
  readonly batchSize: number;
  readonly features: Features;
  readonly decisions: Decisions;
  readonly labelSmoothing: number;
  readonly mixup: number;
}

const counts = fc.array(fc.nat({ max: 12 }), { maxLength: 5 });
const anyCases: fc.Arbitrary<Case> = fc.record({
  unlabeled: counts,
  labeled: counts,
  seed: fc.nat(),
  bufferSize: fc.integer({ min: 1, max: 20 }),
  batchSize: fc.integer({ min: 1, max: 9 }),
  features: fc.constantFrom(vector, image, text),
  decisions: fc.constantFrom(oneClass(3), manyLabels(4)),
  labelSmoothing: fc.constantFrom(0, 0.1),
  mixup: fc.constantFrom(0, 0.4),
});
// Texts cannot be mixed.
const cases = anyCases.map((one) => (one.features === text ? { ...one, mixup: 0 } : one));
const example: Case = {
  ...{ unlabeled: [30, 20, 25], labeled: [5], seed: 1, bufferSize: 10, batchSize: 8 },
  ...{ features: image, decisions: oneClass(3), labelSmoothing: 0, mixup: 0 },
};

/** All random changes. */
const augment = augmentSchema.parse({
  ...{ flip: true, crop: 1, resizedCrop: {}, randAugment: {}, erasing: {} },
  colorJitter: { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 },
});

/** An input whose `decode` counts. */
function open(options: Case, room: Room, more: Partial<InputOptions<Item>> = {}) {
  const { decisions } = options;
  const shards = { now: 0, most: 0 };
  const unlabeledCount = sum(options.unlabeled);
  const decode = vi.fn(async ({ number }: Item) => decodedOf(options.features, number));
  const findRoom = vi.fn(async () => ({ ...rooms[room], folder }));
  const input = openInput<Item>({
    ...options,
    sets: {
      unlabeled: shardsOf(options.unlabeled, (number) => itemOf(decisions, number), shards),
      labeled: shardsOf(
        options.labeled,
        (number) => itemOf(decisions, unlabeledCount + number, true),
        shards,
      ),
    },
    ...{ augment, epochs: 10, decode, findRoom },
    ...more,
  });
  return { ...input, decode, findRoom, shards };
}

/** The epochs of one training after another. */
async function epochs(options: Case, room: Room, count = 3): Promise<Batch[][]> {
  const input = open(options, room);
  const found: Batch[][] = [];
  for (let epoch = 0; epoch < count; epoch++) found.push(await collect(input.batches(epoch, 0)));
  await input.close();
  return found;
}

describe('the batches of an epoch', () => {
  test('are its examples in order, in full batches but for the last', () =>
    fc.assert(
      fc.asyncProperty(cases, async (options) => {
        const { unlabeled, labeled, batchSize } = options;
        const total = sum(unlabeled) + sum(labeled);
        const plain = { ...options, features: vector, labelSmoothing: 0, mixup: 0 };
        const found = await epochs(plain, 'none', 2);
        found.forEach((batches, epoch) => {
          const numbers = [...epochOrder(options, options, epoch)];
          expect(batches.length).toBe(batchesPerEpoch(total, batchSize));
          batches.forEach((batch, index) => {
            const inBatch = numbers.slice(index * batchSize, (index + 1) * batchSize);
            const items = inBatch.map((number) =>
              itemOf(options.decisions, number, number >= sum(unlabeled)),
            );
            expect(batch).toEqual({
              size: inBatch.length,
              rows: {
                n: inBatch.length,
                values: Float32Array.from(inBatch.flatMap((number) => [...vectorOf(number)])),
              },
              targets: Float32Array.from(items.flatMap(({ target }) => [...target])),
              teacherMargins: Float32Array.from(items.flatMap((item) => [...item.teacherMargins])),
              weights: Float32Array.from(items.flatMap(({ weights }) => [...weights])),
            });
          });
        });
      }),
      { numRuns: 50 },
    ));

  test('are the same bits from the stream, from memory and from disk', () =>
    fc.assert(
      fc.asyncProperty(cases, async (options) => {
        const streamed = await epochs(options, 'none');
        expect(await epochs(options, 'memory')).toEqual(streamed);
        expect(await epochs(options, 'disk')).toEqual(streamed);
      }),
      { numRuns: 25 },
    ));

  test('are the same from any batch on, however often a training is stopped', () => {
    const roomNames = fc.constantFrom<Room>('memory', 'disk', 'none');
    const stops = fc.array(fc.nat({ max: 12 }), { minLength: 4, maxLength: 4 });
    return fc.assert(
      fc.asyncProperty(cases, roomNames, stops, async (options, room, skips) => {
        const whole = await epochs(options, 'none', skips.length);
        const input = open(options, room);
        for (const [epoch, skip] of skips.entries()) {
          const rest = await collect(input.batches(epoch, skip));
          expect(rest).toEqual(whole[epoch]!.slice(skip));
        }
        await input.close();
      }),
      { numRuns: 25 },
    );
  });

  test.each([
    { decisions: oneClass(3), name: 'classes', rest: 0.1 },
    { decisions: manyLabels(3), name: 'answers to each label', rest: 0.15 },
  ])('have targets smoothed over the $name', async ({ decisions, rest }) => {
    const [plain, smoothed] = await Promise.all([
      epochs({ ...example, decisions }, 'none', 1),
      epochs({ ...example, decisions, labelSmoothing: 0.3 }, 'none', 1),
    ]);
    const targets = plain[0]![0]!.targets.map((target) => 0.7 * target + rest);
    expect(smoothed[0]![0]!.targets).toEqual(targets);
  });

  test('are augmented differently in every epoch', async () => {
    const one = { ...example, unlabeled: [1], labeled: [] };
    const seen = (await epochs(one, 'memory', 9)).map(([batch]) => String(numbersOf(batch!.rows)));
    expect(new Set(seen).size).toBeGreaterThan(3);
  });
});

describe('decoding', () => {
  const total = 80;

  test.each([
    ['memory', total],
    ['disk', total],
    ['none', 3 * total],
  ] as const)('with a cache in %s, three epochs decode %i examples', async (room, expected) => {
    const input = open(example, room);
    for (let epoch = 0; epoch < 3; epoch++) await collect(input.batches(epoch, 0));
    expect(input.decode).toHaveBeenCalledTimes(expected);
    await input.close();
  });

  test('an epoch that was not seen whole fills no cache', async () => {
    const input = open(example, 'memory');
    await collect(input.batches(0, 3));
    expect(input.decode).toHaveBeenCalledTimes(total - 3 * 8);
    for await (const _ of input.batches(1, 0)) break;
    input.decode.mockClear();
    await collect(input.batches(1, 0));
    expect(input.decode).toHaveBeenCalledTimes(total);
    await collect(input.batches(2, 0));
    expect(input.decode).toHaveBeenCalledTimes(total);
  });

  test('runs two batches ahead', async () => {
    const input = open(example, 'none');
    let taken = 0;
    for await (const { size } of input.batches(0, 0)) {
      taken += size;
      expect(input.decode.mock.calls.length - taken).toBeLessThanOrEqual(2 * 8);
    }
    expect(taken).toBe(total);
  });

  test('an error comes through, and nothing stays open', async () => {
    const decode = () => Promise.reject(new Error('not an image'));
    const input = open(example, 'disk', { decode });
    await expect(collect(input.batches(0, 0))).rejects.toThrow('not an image');
    expect(input.shards.now).toBe(0);
    await input.close();
  });
});

describe('the cache', () => {
  const bytes = 80 * recordBytes(example);

  test('is in memory where there is room, else on disk, else nowhere', async () => {
    const filesWith = async (memoryBytes: number, diskBytes: number) => {
      const findRoom = async () => ({ memoryBytes, diskBytes, folder });
      const input = open(example, 'none', { findRoom });
      const write = vi.spyOn(RecordFile.prototype, 'write');
      for (const epoch of [0, 1]) await collect(input.batches(epoch, 0));
      const [writes, decoded] = [write.mock.calls.length, input.decode.mock.calls.length];
      write.mockRestore();
      await input.close();
      return { onDisk: writes > 0, decodedTwice: decoded > 80 };
    };
    expect(await filesWith(bytes, bytes)).toEqual({ onDisk: false, decodedTwice: false });
    expect(await filesWith(bytes - 1, bytes)).toEqual({ onDisk: true, decodedTwice: false });
    expect(await filesWith(bytes - 1, bytes - 1)).toEqual({ onDisk: false, decodedTwice: true });
  });

  test('is not made for a last epoch', async () => {
    const input = open(example, 'disk', { epochs: 1 });
    await collect(input.batches(0, 0));
    expect(input.findRoom).not.toHaveBeenCalled();
    await input.close();
  });

  test('on a disk that is full by then is given up', async () => {
    const input = open(example, 'disk');
    const write = vi.spyOn(RecordFile.prototype, 'write');
    write.mockResolvedValueOnce().mockRejectedValueOnce(new Error('ENOSPC'));
    const found = [await collect(input.batches(0, 0)), await collect(input.batches(1, 0))];
    expect(write.mock.calls.length).toBe(2 + 10);
    write.mockRestore();
    expect(found).toEqual(await epochs(example, 'none', 2));
    await input.close();
  });

  test.runIf(process.platform === 'linux')(
    'on disk has no name, and goes with its input',
    async () => {
      const input = open(example, 'disk');
      await collect(input.batches(0, 0));
      expect(await readdir(folder)).toEqual([]);
      expect((await openFilesUnder(folder)).length).toBe(1);
      // The next batch is being read when the training stops.
      for await (const _ of input.batches(1, 0)) break;
      await input.close();
      expect(await openFilesUnder(folder)).toEqual([]);
    },
  );
});
