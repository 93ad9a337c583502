import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { StoreError, UserError } from '../../src/errors.ts';
import {
  openSealed,
  openSealedBytes,
  parseWith,
  readJson,
  readPointer,
  sealBytes,
  sealJson,
  swapPointer,
  toJson,
  writeJsonOnce,
} from '../../src/store/once.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { refusalOf } from '../support/refusal.ts';

const text = (value: unknown) => new TextDecoder().decode(toJson(value));

test('JSON is the same whatever the order of the fields', () => {
  expect(text({ b: [{ d: 1, c: null }], a: 'x' })).toBe(
    '{\n  "a": "x",\n  "b": [\n    {\n      "c": null,\n      "d": 1\n    }\n  ]\n}\n',
  );
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 })), (object) => {
      const reversed = Object.fromEntries(Object.entries(object).reverse());
      expect(text(reversed)).toBe(text(object));
      expect(JSON.parse(text(object))).toEqual(JSON.parse(JSON.stringify(object)));
    }),
  );
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])('%f is refused, with its field', (loss) => {
  expect(() => toJson({ metrics: { loss } })).toThrow(/"loss" is/);
});

const name = fc.string({ maxLength: 3 });
const record = fc.dictionary(name, fc.jsonValue({ maxDepth: 1 }), { minKeys: 1, maxKeys: 3 });
const fields = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown;

test('of many problems, ten are shown, with an unknown field first', () => {
  const letters = Object.fromEntries([...'abcdefghijkl'].map((letter) => [letter, z.string()]));
  const parse = () => parseWith(z.strictObject(letters), { plam: 1 }, 'plan.json');
  expect(parse).toThrow(/form:\n✖ Unrecognized key: "plam"\n(.|\n)*→ at i\n… and 3 more$/);
});

test('a sealed object is read as it was written, without its checksum', () => {
  fc.assert(
    fc.property(record, fc.option(fc.string(), { nil: undefined }), (value, key) => {
      expect(openSealed(sealJson(value, key), 'a.json', key)).toEqual(fields(value));
    }),
  );
  expect(openSealed(sealJson([1, { a: 2 }]), 'a.json')).toEqual([1, { a: 2 }]);
});

test('an object in the place of another one is refused', () => {
  fc.assert(
    fc.property(
      record,
      fc.uniqueArray(fc.string(), { minLength: 2, maxLength: 2 }),
      (value, keys) => {
        const [own, other] = keys;
        const open = (key?: string) => () => openSealed(sealJson(value, own), 'a.json', key);
        expect(open(other)).toThrow('checksum differs');
        expect(open()).toThrow('checksum differs');
      },
    ),
  );
});

test.each([
  ['an object', { accuracy: 1 }],
  ['a list', [1]],
  ['a sealed list', { list: [1] }],
  ['a number', 1],
  ['null', null],
])('%s without a checksum is refused, with the command that removes it', async (_, value) => {
  const store = new MemoryStore({ 'a.json': toJson(value) });
  const error = await readJson(store, 'a.json', z.unknown()).catch((error: unknown) => error);
  expect(error).toMatchObject({
    message: expect.stringContaining('memory/a.json has no checksum'),
    hint: expect.stringContaining("rm -f 'memory/a.json'"),
  });
});

test('the command that removes an object is right for any name', async () => {
  const store = new MemoryStore({ "it's/a.json": '{}' });
  const error = await readJson(store, "it's/a.json", z.unknown()).catch((error: unknown) => error);
  expect(error).toMatchObject({
    hint: expect.stringMatching(/rm -f 'memory\/it'\\''s\/a\.json'$/),
  });
});

test('a change of any byte is noticed, or changes no value', () => {
  const byte = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 }));
  fc.assert(
    fc.property(record, byte, (value, [position, change]) => {
      const bytes = Uint8Array.from(sealJson(value));
      bytes[position % bytes.length]! ^= change;
      let read: unknown;
      try {
        read = openSealed(bytes, 'a.json');
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
        return;
      }
      expect(read).toEqual(fields(value));
    }),
    { numRuns: 1000, examples: [[{ a: 9e-308 }, [11, 6]]] },
  );
});

test('a change of any bit of sealed bytes is noticed', () => {
  const bytes = fc.uint8Array({ maxLength: 40 });
  fc.assert(
    fc.property(bytes, fc.nat(), fc.integer({ min: 0, max: 7 }), (given, position, bit) => {
      const sealed = sealBytes(given, 'key');
      const open = (bytes: Uint8Array, key = 'key') => openSealedBytes(bytes, 'a.bin', key);
      expect(Buffer.from(open(sealed))).toEqual(Buffer.from(given));
      expect(() => open(sealed, 'other')).toThrow('checksum differs');
      expect(() => open(sealed.subarray(1))).toThrow('checksum differs');
      sealed[position % sealed.length]! ^= 1 << bit;
      expect(() => open(sealed)).toThrow('checksum differs');
    }),
  );
});

test('an object that was changed or cut short is refused, with the command that removes it', async () => {
  const schema = z.strictObject({ accuracy: z.number() });
  const store = new MemoryStore();
  await writeJsonOnce(store, 'metrics.json', { accuracy: 0.925 });
  expect(await readJson(store, 'metrics.json', schema)).toEqual({ accuracy: 0.925 });
  const text = Buffer.from(sealJson({ accuracy: 0.925 }, 'metrics.json')).toString();
  for (const other of [text.replace('0.925', '0.125'), text.slice(0, 40), '']) {
    await store.write('metrics.json', Buffer.from(other));
    const error = await refusalOf(readJson(store, 'metrics.json', schema));
    expect(error.hint).toContain("rm -f 'memory/metrics.json'");
  }
});

test('a pointer that was changed may have a stand-in, and a pointer that is denied has none', async () => {
  const schema = z.strictObject({ n: z.number() });
  const store = new MemoryStore({ CURRENT: '{ "n":' });
  expect(await readPointer(store, 'CURRENT', schema, { n: 0 })).toEqual({ n: 0 });
  const unsealed = new MemoryStore({ CURRENT: '{ "n": 2 }' });
  expect(await readPointer(unsealed, 'CURRENT', schema, { n: 0 })).toEqual({ n: 0 });
  const denied = new StoreError('S3 does not allow to read CURRENT');
  vi.spyOn(store, 'read').mockRejectedValue(denied);
  const swap = () => swapPointer(store, 'CURRENT', schema, () => ({ n: 1 }), { n: 0 });
  await expect(swap()).rejects.toBe(denied);
  expect(await store.head('CURRENT')).toMatchObject({ bytes: 6 });
});
