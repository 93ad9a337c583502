import { expect, test } from 'vitest';
import { alwaysWarnings, classCountWarnings } from '../../src/stages/plan/class-counts.ts';

test.each<[number[], RegExp | undefined]>([
  [[60, 60, 1], /only 1 or 2 examples of c: label more, or correct the labels if they are typing/],
  [[60, 0, 60], /no example of b: label a few/],
  [[5, 5, 1], undefined],
  [[60, 60, 3], undefined],
])('counts %j', (counts, warning) => {
  expect([...classCountWarnings(['a', 'b', 'c'], counts)]).toEqual(
    warning === undefined ? [] : [expect.stringMatching(warning)],
  );
});

test('a label that every example has is named', () => {
  const warningsOf = (counts: number[]) => [...alwaysWarnings(['a', 'b', 'c'], counts, 5)];
  expect(warningsOf([5, 4, 0])).toEqual([
    'every example of the labeled set has a: add examples without it',
  ]);
  expect(warningsOf([5, 5, 0]).join()).toContain('has a, b: add examples without them');
  expect(warningsOf([4, 4, 0])).toEqual([]);
});
