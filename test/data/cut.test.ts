import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { withPart } from '../../src/data/cut.ts';
import { batchOf } from '../../src/data/layout.ts';
import { readExamples } from '../../src/data/read.ts';
import { type Shard, shardSchema } from '../../src/data/shard.ts';
import { TransientError } from '../../src/errors.ts';
import { collect, datasetOf, fixture, readSet, shardsOf } from '../support/examples.ts';
import { BrokenStore, MemoryStore } from '../support/memory-store.ts';
import { readerConfig } from '../support/reader-config.ts';

const tars = readerConfig('image', { format: 'webdataset', shardMiB: 1e-3 });

describe('cutShards', () => {
  test('groups small objects up to the limit, in the order of the keys, each pinned', async () => {
    const sizes = [300, 300, 300, 300, 2000, 10, 10];
    const objects = sizes.map((size, index) => [`labeled/${index}.tar`, 'x'.repeat(size)]);
    const store = new MemoryStore(Object.fromEntries(objects));

    const shards = await shardsOf(store, tars);

    expect(shards.map(({ pieces }) => pieces.map(({ bytes }) => bytes))).toEqual([
      [300, 300, 300],
      [300],
      [2000],
      [10, 10],
    ]);
    for (const shard of shards) {
      expect(shardSchema.parse(shard)).toEqual(shard);
      for (const { usualBytes: _, ...piece } of shard.pieces) {
        expect(await store.head(piece.key)).toMatchObject(piece);
      }
    }
  });

  test('the id changes with the bytes and with the fields that affect reading', async () => {
    const idOf = async (body: string, config = tars) =>
      (await shardsOf(new MemoryStore({ 'labeled/a.tar': body }), config))[0]!.id;
    const id = await idOf('a');
    expect(id).toMatch(/^[0-9a-f]{16}$/);
    expect(await idOf('a')).toBe(id);
    expect(await idOf('b')).not.toBe(id);
    expect(await idOf('a', readerConfig('image', { format: 'webdataset', label: 'y' }))).not.toBe(
      id,
    );
    // Changes only the size of shards, not the examples.
    expect(await idOf('a', readerConfig('image', { format: 'webdataset', shardMiB: 9 }))).toBe(id);
  });

  test('a new batch does not change the shards of other batches', async () => {
    const batch = fc.constantFrom('', 'a/', 'a-b/', 'b/', 'b/deep/', '\u{10000}/');
    const name = fc.constantFrom('0', 'a', 'a~', 'b', 'z', '日本');
    const key = fc.tuple(batch, name).map(([folder, base]) => `unlabeled/${folder}${base}.tar`);
    const sizes = fc.dictionary(key, fc.integer({ min: 1, max: 700 }), { maxKeys: 20 });
    const dataset = (objects: Record<string, number>) =>
      new MemoryStore(
        Object.fromEntries(Object.entries(objects).map(([each, size]) => [each, 'x'.repeat(size)])),
      );
    await fc.assert(
      fc.asyncProperty(sizes, batch, async (objects, added) => {
        const isNew = (each: string) => batchOf(each) === batchOf(`unlabeled/${added}x.tar`);
        const before = Object.fromEntries(Object.entries(objects).filter(([each]) => !isNew(each)));
        const [first, second] = [
          await shardsOf(dataset(before), tars, 'unlabeled'),
          await shardsOf(dataset(objects), tars, 'unlabeled'),
        ];
        const ids = (shards: Shard[]) => shards.map(({ id }) => id).sort();
        expect(ids(second.filter(({ pieces }) => !isNew(pieces[0]!.key)))).toEqual(ids(first));
        // Every object occurs once, and no shard has objects of two batches.
        const pieces = second.flatMap((shard) => shard.pieces.map((piece) => piece.key));
        expect(pieces.sort()).toEqual(Object.keys(objects).sort());
        for (const shard of second) {
          expect(new Set(shard.pieces.map((piece) => batchOf(piece.key))).size).toBe(1);
        }
      }),
      { numRuns: 150, seed: 5 },
    );
  });

  test('ignores hidden files, _SUCCESS and files of other formats', async () => {
    const store = new MemoryStore({
      'unlabeled/b/_SUCCESS': '',
      'unlabeled/b/.hidden.tar': 'x',
      'unlabeled/.spark/a.tar': 'x',
      'unlabeled/b/README.md': 'x',
      'unlabeled/b/a.TAR': 'x',
    });
    const shards = await shardsOf(store, tars, 'unlabeled');
    expect(shards.flatMap(({ pieces }) => pieces.map(({ key }) => key))).toEqual([
      'unlabeled/b/a.TAR',
    ]);
  });

  test('a set of another format is an error; an empty set has no shards', async () => {
    const store = new MemoryStore({
      'labeled/_SUCCESS': '',
      'labeled/a.csv': 'x',
      'unlabeled/_SUCCESS': '',
    });
    await expect(shardsOf(store, tars)).rejects.toThrow(
      "'labeled/' has no files of the format webdataset (tar), but has others, such as 'labeled/a.csv'.",
    );
    expect(await shardsOf(store, tars, 'unlabeled')).toEqual([]);
    expect(await shardsOf(store, tars, 'test')).toEqual([]);
  });

  test.each([
    ['labeled/a.tar.gz', 'are read uncompressed: decompress them'],
    ['labeled/a.TAR.ZST', 'are read uncompressed: decompress them'],
    ['labeled/a.csv.gz', 'Set data.format'],
  ])('the error about %s gives the way out', async (key, hint) => {
    const found = shardsOf(new MemoryStore({ [key]: 'x' }), tars);
    await expect(found).rejects.toMatchObject({ hint: expect.stringContaining(hint) });
  });
});

describe('readExamples', () => {
  test('an object that changed since it was pinned is an error', async () => {
    const config = readerConfig('row', { format: 'csv' });
    const store = new MemoryStore({ 'labeled/a.csv': 'x,label\n1,yes\n' });
    const [shard] = await shardsOf(store, config);
    await store.write('labeled/a.csv', Buffer.from('x,label\n2,yes\n'));
    await expect(collect(readExamples(store, shard!, config))).rejects.toThrow('has changed');
  });

  test.each([
    ['webdataset', 'image', 'webdataset/good.tar', 'a.tar'],
    ['images', 'image', 'pictures/ramp.jpg', 'a.jpg'],
    ['csv', 'row', 'csv/good.csv', 'a.csv'],
    ['parquet', 'row', 'parquet/people-none.parquet', 'a.parquet'],
  ] as const)(
    '%s: an error of the store is thrown, not taken for bad data',
    async (format, task, name, key) => {
      const objects = { [`labeled/${key}`]: await fixture(name) };
      const config = readerConfig(task, { format });
      const [shard] = await shardsOf(new MemoryStore(objects), config);
      const reading = collect(readExamples(new BrokenStore(objects), shard!, config));
      await expect(reading).rejects.toThrow(TransientError);
    },
  );

  test.each([
    ['webdataset', 'image', 'webdataset/good.tar', 'a.tar'],
    ['csv', 'row', 'csv/good.csv', 'a.csv'],
  ] as const)(
    '%s: closes the object if the consumer stops early',
    async (format, task, name, key) => {
      const store = new MemoryStore({ [`labeled/${key}`]: await fixture(name) }, 16);
      const config = readerConfig(task, { format });
      const [shard] = await shardsOf(store, config);
      for await (const _ of readExamples(store, shard!, config)) break;
      await vi.waitFor(() => expect(store.streams.at(-1)?.destroyed).toBe(true));
    },
  );

  test('a format that cannot hold the task is an error', async () => {
    const store = await datasetOf({ 'labeled/a.csv': 'csv/good.csv' });
    await expect(readSet(store, readerConfig('image', { format: 'csv' }))).rejects.toThrow(
      'data.format csv cannot hold the examples of task.type image-classification.',
    );
  });
});

describe('withPart', () => {
  test('the parts of a shard are disjoint and cover it, rejected examples too', async () => {
    const rows = fc.array(fc.constantFrom('1,yes', '2,no', '3,no,extra'), {
      minLength: 1,
      maxLength: 60,
    });
    const splits = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      seed: fc.integer(),
    });
    const config = readerConfig('row', { format: 'csv' });
    await fc.assert(
      fc.asyncProperty(rows, splits, async (lines, { at, seed }) => {
        const store = new MemoryStore({ 'labeled/a.csv': ['x,label', ...lines].join('\n') });
        const [shard] = await shardsOf(store, config);
        const halves = [
          withPart(shard!, { seed, from: 0, to: at }, 'validation'),
          withPart(shard!, { seed, from: at, to: 1 }),
        ];
        expect(new Set([shard, ...halves].map((each) => each!.id)).size).toBe(3);
        const whole = await collect(readExamples(store, shard!, config));
        const parts = await Promise.all(
          halves.map((half) => collect(readExamples(store, half, config))),
        );
        const byId = (first: { id: string }, second: { id: string }) =>
          first.id < second.id ? -1 : 1;
        expect(parts.flat().sort(byId)).toEqual(whole.sort(byId));
      }),
      { numRuns: 50, seed: 3 },
    );
  });

  test('a half has about half of the examples, and other ones for another seed', async () => {
    const lines = Array.from({ length: 2_000 }, (_, row) => `${row},yes`);
    const store = new MemoryStore({ 'labeled/a.csv': ['x,label', ...lines].join('\n') });
    const config = readerConfig('row', { format: 'csv' });
    const [shard] = await shardsOf(store, config);
    const ids = async (seed: number) =>
      (
        await collect(readExamples(store, withPart(shard!, { seed, from: 0, to: 0.5 }), config))
      ).map(({ id }) => id);
    const [first, second] = [await ids(1), new Set(await ids(2))];
    // Four standard deviations of a fair coin thrown 2,000 times: 89.
    expect(Math.abs(first.length - 1_000)).toBeLessThan(89);
    expect(Math.abs(first.filter((id) => second.has(id)).length - first.length / 2)).toBeLessThan(
      89,
    );
  });
});
