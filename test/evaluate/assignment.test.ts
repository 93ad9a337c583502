import fc from 'fast-check';
import { expect, test } from 'vitest';
import { largestAssignment } from '../../src/evaluate/assignment.ts';

function* permutations(items: readonly number[]): Generator<number[]> {
  if (items.length === 0) yield [];
  for (const [index, first] of items.entries()) {
    for (const rest of permutations(items.toSpliced(index, 1))) yield [first, ...rest];
  }
}

test('no permutation has a larger sum', () => {
  const matrix = fc
    .integer({ min: 1, max: 5 })
    .chain((n) =>
      fc.array(fc.integer({ min: -9, max: 20 }), { minLength: n * n, maxLength: n * n }),
    );
  fc.assert(
    fc.property(matrix, (values) => {
      const n = Math.sqrt(values.length);
      const sumOf = (columns: Iterable<number>) =>
        [...columns].reduce((sum, column, row) => sum + values[row * n + column]!, 0);
      const found = largestAssignment(Int32Array.from(values), n);
      expect([...found].sort()).toEqual(Array.from({ length: n }, (_, index) => index));
      const best = Math.max(...[...permutations([...found])].map(sumOf));
      expect(sumOf(found)).toBe(best);
    }),
    { numRuns: 50 },
  );
});
