import { expect, test } from 'vitest';
import { classCountWarnings } from '../../src/stages/plan/class-counts.ts';

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
