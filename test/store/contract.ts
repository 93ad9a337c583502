import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { UserError } from '../../src/errors.ts';
import { readBytes, readJson, writeJsonOnce, writeOnce } from '../../src/store/once.ts';
import { swapPointer } from '../../src/store/pointer.ts';
import type { ObjectInfo, ObjectStore } from '../../src/store/store.ts';

/** Every store passes these. `open` gives a store on a location that is new and empty. */
export function storeContract(name: string, open: () => Promise<ObjectStore>): void {
  describe(`${name} keeps the contract`, () => {
    let store: ObjectStore;
    beforeEach(async () => {
      store = await open();
    });

    test('nothing is there at first', async () => {
      expect(await store.head('a/b')).toBeUndefined();
      await expect(store.read('a/b')).rejects.toThrow(UserError);
      expect(await keysOf(store, '')).toEqual([]);
    });

    test.each([0, 1, 3_000_000])('what was written is read back: %i bytes', async (size) => {
      const body = Buffer.alloc(
        size,
        Uint8Array.from({ length: 251 }, (_, i) => i),
      );
      const written = await store.write('a/b', body);
      expect(await store.head('a/b')).toEqual(written);
      expect(written).toMatchObject({ key: 'a/b', bytes: size });
      expect(Buffer.compare(await readBytes(store, 'a/b'), body)).toBe(0);
      expect(await listAll(store, '')).toEqual([written]);
    });

    test('a range is a slice, cut at the end of the object', async () => {
      const body = Uint8Array.from({ length: 50 }, (_, i) => i);
      const info = await writeOnce(store, 'a', body);
      await fc.assert(
        fc.asyncProperty(fc.nat(49), fc.nat(60), fc.boolean(), async (start, length, pin) => {
          const range = { start, end: start + length };
          const version = pin ? info.version : undefined;
          const read = await readBytes(store, 'a', { range, version });
          expect([...read]).toEqual([...body.slice(start, start + length)]);
        }),
        {
          numRuns: 15,
          examples: [
            [0, 50, true],
            [49, 1, false],
            [7, 0, true],
          ],
        },
      );
      await expect(store.read('a', { range: { start: 50, end: 51 } })).rejects.toThrow(UserError);
      await expect(store.read('a', { range: { start: 3, end: 2 } })).rejects.toThrow(RangeError);
      await expect(store.read('b', { range: { start: 0, end: 0 } })).rejects.toThrow(UserError);
    });

    test('ifAbsent writes only where there is nothing', async () => {
      const first = await store.write('a', bytes('first'), { ifAbsent: true });
      expect(first).toBeDefined();
      expect(await store.write('a', bytes('second'), { ifAbsent: true })).toBeUndefined();
      expect(await text(store, 'a')).toBe('first');
      expect(await writeOnce(store, 'a', bytes('third'))).toEqual(first);
    });

    test('ifMatch writes only over the object named', async () => {
      expect(await store.write('a', bytes('0'), { ifMatch: '"none"' })).toBeUndefined();
      expect(await store.head('a')).toBeUndefined();
      const first = await writeOnce(store, 'a', bytes('1'));
      const second = await store.write('a', bytes('2'), { ifMatch: first.etag });
      expect(second).toEqual(await store.head('a'));
      expect(await store.write('a', bytes('3'), { ifMatch: first.etag })).toBeUndefined();
      expect(await text(store, 'a')).toBe('2');
    });

    test('of 20 writers with ifAbsent, one wins, and its bytes are there', async () => {
      const wins = await Promise.all(
        Array.from({ length: 20 }, (_, i) => store.write('a', bytes(`${i}`), { ifAbsent: true })),
      );
      const winners = wins.flatMap((info, i) => (info ? [`${i}`] : []));
      expect(winners).toEqual([await text(store, 'a')]);
    });

    test('swaps of a pointer lose no update', async () => {
      const count = () =>
        swapPointer(store, 'CURRENT', z.object({ n: z.number() }), (now) => ({
          n: (now?.n ?? 0) + 1,
        }));
      await Promise.all(Array.from({ length: 8 }, count));
      expect(JSON.parse(await text(store, 'CURRENT'))).toMatchObject({ n: 8 });
      expect(await swapPointer(store, 'CURRENT', z.looseObject({}), () => undefined)).toEqual({
        n: 8,
      });
    });

    test('a version that was replaced is read as it was, or not at all', async () => {
      const first = await writeOnce(store, 'a', bytes('first!'));
      expect(await text(store, 'a', first)).toBe('first!');
      const second = (await store.write('a', bytes('second'))) as ObjectInfo;
      expect(second.version).not.toBe(first.version);
      expect(await text(store, 'a', second)).toBe('second');
      const read = await text(store, 'a', first).catch((error: unknown) => error);
      if (read !== 'first!') {
        expect(read).toBeInstanceOf(UserError);
        expect((read as UserError).message).toMatch(/has changed since the run was planned/);
        expect((read as UserError).hint).toMatch(/new run/);
      }
    });

    test('a read during overwriting gives the old object or the new one, never a mix', async () => {
      const body = (i: number) => new Uint8Array(200_000).fill(i);
      await store.write('a', body(0));
      let isWriting = true;
      const reader = async () => {
        while (isWriting) {
          const read = await readBytes(store, 'a');
          expect(Buffer.compare(read, body(read[0]!))).toBe(0);
        }
      };
      const readers = [reader(), reader()];
      for (let i = 1; i < 15; i++) await store.write('a', body(i));
      isWriting = false;
      await Promise.all(readers);
    });

    test('keys of any characters work, and are listed in the order of their bytes', async () => {
      const keys = [...strangeKeys].reverse();
      const written = new Map<string, ObjectInfo>();
      for (const key of keys) written.set(key, await writeOnce(store, key, bytes(key)));
      const listed = await listAll(store, '');
      expect(listed.map(({ key }) => key)).toEqual(
        keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
      );
      for (const info of listed) {
        expect(info).toEqual(written.get(info.key));
        expect(await text(store, info.key, info)).toBe(info.key);
      }
    });

    test('a prefix may end anywhere in a key', async () => {
      const keys = ['a', 'ab/c', 'ab/cd', 'ab/ce/f', 'ab-c', 'b'];
      for (const key of keys) await store.write(key, bytes(key));
      for (const prefix of ['', 'a', 'ab', 'ab/', 'ab/c', 'ab/ce/', 'ab/ce/f', 'b', 'c', 'a/']) {
        const expected = keys.filter((key) => key.startsWith(prefix)).toSorted();
        expect(await keysOf(store, prefix), prefix).toEqual(expected);
      }
    });

    test.each(badKeys)('the key %j is refused', async (key) => {
      for (const attempt of [
        () => store.head(key),
        () => store.read(key),
        () => store.write(key, bytes('x')),
        () => store.write(key, bytes('x'), { ifAbsent: true }),
      ]) {
        await expect(attempt()).rejects.toThrow(UserError);
      }
    });

    test('folders are listed once each, without their objects and those of other folders', async () => {
      const keys = ['a', 'runs/b/1', 'runs/a/x/2', 'runs/a/y/3', 'runs/c', 'runs-x/d'];
      for (const key of keys) await store.write(key, bytes(key));
      expect(await foldersOf(store, 'runs/')).toEqual(['runs/a/', 'runs/b/']);
      expect(await foldersOf(store, '')).toEqual(['runs-x/', 'runs/']);
      expect(await foldersOf(store, 'none/')).toEqual([]);
    });

    test('JSON is checked when it is read', async () => {
      const schema = z.object({ classes: z.array(z.string()) });
      await writeJsonOnce(store, 'good.json', { classes: ['cat'] });
      expect(await readJson(store, 'good.json', schema)).toEqual({ classes: ['cat'] });
      await writeJsonOnce(store, 'bad.json', { classes: ['cat', 3] });
      await expect(readJson(store, 'bad.json', schema)).rejects.toThrow(
        /bad\.json does not have[\s\S]*expected string, received number[\s\S]*classes\[1\]/,
      );
      await store.write('cut.json', bytes('{"classes":'));
      await expect(readJson(store, 'cut.json', schema)).rejects.toThrow(/cut\.json is not JSON/);
    });
  });
}

/** No part of one is the folder of another: a folder store holds them all. */
const strangeKeys = [
  ' leading and trailing ',
  'a b+c',
  'a%2Fb',
  'a%20b',
  'a/b',
  'a-b',
  'a0',
  'quotes "\'`',
  '<xml>&amp;',
  'back\\slash',
  'question?x=1#y',
  'colon:semicolon;',
  'umlaut ä',
  'umlaut a\u0308',
  '日本語/ファイル.png',
  'emoji 🐱',
  '\u{10000}',
  '\uFFEE',
  '\uE000',
  'deep/1/2/3/4/5/6/7/8',
  'x'.repeat(255),
  [...'abcd'].map((letter) => letter.repeat(200)).join('/'),
];

const badKeys = ['', '/', '/a', '.', '..', '../a', 'a/../b', 'a/./b', 'a/..', 'a\0b', '\uD800']
  .concat(`${'y'.repeat(200)}/`.repeat(6))
  .map((key) => [key] as const);

function bytes(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}

async function text(store: ObjectStore, key: string, info?: ObjectInfo): Promise<string> {
  const content = await readBytes(store, key, { version: info?.version });
  return new TextDecoder().decode(content);
}

/** A listing with the fields of `head`: without times, which are only checked here. */
export async function listAll(store: ObjectStore, prefix: string): Promise<ObjectInfo[]> {
  const infos: ObjectInfo[] = [];
  for await (const { modified, ...info } of store.list(prefix)) {
    const ageMs = Date.now() - modified.getTime();
    expect(ageMs).toBeGreaterThan(-60_000);
    expect(ageMs).toBeLessThan(600_000);
    infos.push(info);
  }
  return infos;
}

async function keysOf(store: ObjectStore, prefix: string): Promise<string[]> {
  return (await listAll(store, prefix)).map(({ key }) => key);
}

async function foldersOf(store: ObjectStore, prefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const folder of store.folders(prefix)) found.push(folder);
  return found;
}
