import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toJson } from '../../src/store/once.ts';

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
