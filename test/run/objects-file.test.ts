import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Shard, setNames } from '../../src/data/shard.ts';
import { UserError } from '../../src/errors.ts';
import { keys } from '../../src/run/keys.ts';
import { createObjectsWriter, manifestJson, readShard } from '../../src/run/objects-file.ts';
import { readBytes } from '../../src/store/once.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { refusalOf } from '../support/refusal.ts';

const piece = fc.record({
  key: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
  version: fc.string(),
  bytes: fc.nat(),
});
const shard: fc.Arbitrary<Shard> = fc.record({
  id: fc.string({ minLength: 1 }),
  set: fc.constantFrom(...setNames),
  pieces: fc.array(piece, { minLength: 1, maxLength: 5 }),
});

async function written(store: MemoryStore, shards: readonly Shard[]) {
  const writer = createObjectsWriter(store, 'run');
  for (const one of shards) await writer.append(one);
  return writer.finish();
}

async function keysOf(store: MemoryStore): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.list('')) found.push(key);
  return found;
}

test('every item finds its shard', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(shard), async (shards) => {
      const store = new MemoryStore();
      const items = await written(store, shards);
      expect(JSON.parse(Buffer.from(manifestJson(items)).toString())).toEqual(items);
      const found = await Promise.all(
        items.map((item) => readShard({ results: store, run: 'run' }, item)),
      );
      expect(found).toEqual(shards);
      expect(items.map(({ id, set }) => ({ id, set }))).toEqual(
        shards.map(({ id, set }) => ({ id, set })),
      );
    }),
  );
});

const manyPieces = (id: string): Shard => ({
  id,
  set: 'unlabeled',
  pieces: Array.from({ length: 2_000 }, (_, index) => ({
    key: `unlabeled/${id}/${index}.jpg`,
    version: 'v',
    bytes: 1,
  })),
});

test('many shards take several files, and each reads its own line only', async () => {
  const store = new MemoryStore();
  const shards = Array.from({ length: 20 }, (_, index) => manyPieces(`shard-${index}`));
  const items = await written(store, shards);
  const files = await keysOf(store);
  expect(files.length).toBeGreaterThan(1);
  expect(new Set(items.map(({ objects }) => keys.objects('run', objects)))).toEqual(new Set(files));
  const last = items.at(-1)!;
  expect(await readShard({ results: store, run: 'run' }, last)).toEqual(shards.at(-1));
  expect(store.bytesRead.get(keys.objects('run', last.objects))).toBe(last.end - last.start);
});

test('what was listed at another time goes into other files', async () => {
  const store = new MemoryStore();
  const before = await written(store, [manyPieces('a')]);
  const after = await written(store, [manyPieces('b')]);
  expect(await keysOf(store)).toHaveLength(2);
  for (const [items, id] of [
    [before, 'a'],
    [after, 'b'],
  ] as const) {
    expect((await readShard({ results: store, run: 'run' }, items[0]!)).id).toBe(id);
  }
});

test('a shard is refused if its line, or its item, was changed', async () => {
  const store = new MemoryStore();
  const [item] = await written(store, [manyPieces('a')]);
  const job = { results: store, run: 'run' };
  const key = keys.objects('run', item!.objects);
  for (const changed of [
    { ...item!, id: 'b' },
    { ...item!, set: 'test' as const },
    { ...item!, end: item!.end - 1 },
    { ...item!, sha256: '0' },
  ]) {
    await expect(readShard(job, changed)).rejects.toThrow(UserError);
  }
  const text = Buffer.from(await readBytes(store, key)).toString();
  await store.write(key, Buffer.from(text.replace('a/7.jpg', 'a/8.jpg')));
  const error = await refusalOf(readShard(job, item!));
  // Plan writes all three again.
  for (const one of [key, keys.shards('run'), keys.plan('run')]) {
    expect(error.hint).toContain(`rm -f 'memory/${one}'`);
  }
});
