import fc from 'fast-check';
import { expect, test } from 'vitest';
import { categorySpellings, createNumberReader } from '../../../src/data/features/row-cells.ts';
import { missingNumbers, numbersIn } from '../../../src/data/features/row-values.ts';

const nines = fc
  .tuple(fc.integer({ min: 1, max: 16 }), fc.constantFrom(1, -1))
  .map(([digits, sign]) => sign * Number('9'.repeat(digits)));
const limits = fc.constantFrom(
  -32_768,
  -2_147_483_648,
  2_147_483_647,
  2 ** 63,
  -(2 ** 63),
  2 ** 64,
);
const value = fc.oneof(
  nines,
  limits,
  fc.constantFrom(1e30, -1e30, 1e150, 1e151, -1e151, 7, -1, 1.5),
  fc.double({ noNaN: true }),
  fc.integer(),
);
const ends = fc.oneof(
  fc.integer({ min: -200, max: 200 }),
  fc.double({ min: -1e32, max: 1e32, noNaN: true }),
);
const range = fc
  .tuple(ends, ends)
  .map(([a, b]): [number, number] => [Math.min(a, b), Math.max(a, b)]);

test('the list of missing numbers and the reader of a column agree', () => {
  const texts = ['-1', '7', '?', '1.50', '007'];
  fc.assert(
    fc.property(fc.option(range, { nil: undefined }), value, (own, number) => {
      const column = { kind: 'numeric', name: 'x', mean: 0, std: 1, range: own } as const;
      const expected = createNumberReader(column, texts)(number) === null;
      const found = missingNumbers(own, numbersIn(texts, 'point'));
      const [low, high] = found.limits;
      expect(found.values.includes(number) || number < low || number > high).toBe(expected);
    }),
    { numRuns: 300 },
  );
});

test.each([
  ['2', ['2', ' 2', '2 ', '2.0', ' 2.0', '2.0 ']],
  ['2.5', ['2.5', ' 2.5', '2.5 ']],
  ['red', ['red', ' red', 'red ']],
  ['007', ['007', ' 007', '007 ']],
])('%j may be spelled %j', (text, spellings) => {
  expect(categorySpellings(text)).toEqual(spellings);
});
