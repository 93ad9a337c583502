import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkKey, compareKeys } from '../../src/store/key.ts';

test('keys are ordered by their UTF-8 bytes', () => {
  const key = fc.string({ unit: fc.constantFrom('a', 'b', '/', '\uD7FF', '\uE000', '\u{10000}') });
  fc.assert(
    fc.property(key, key, (a, b) => {
      const expected = Buffer.compare(Buffer.from(a), Buffer.from(b));
      expect(Math.sign(compareKeys(a, b))).toBe(expected);
    }),
    {
      examples: [
        ['\uE000', '\u{10000}'],
        ['\u{10000}', '\u{10001}'],
        ['a', 'ab'],
      ],
    },
  );
});

test.each(['labeled/a\0', 'labeled/x\u001b[2J.csv', 'labeled/a\nb.csv', 'a\u0085'])(
  'a key with a control character is refused: %j',
  (key) => expect(() => checkKey(key)).toThrow('it holds a control character'),
);
