import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { openSealed, openSealedBytes, sealBytes, sealJson, toJson } from '../../src/store/seal.ts';

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
