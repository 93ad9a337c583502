import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nearest } from '../src/nearest.ts';

const words = ['run', 'plan', 'init', 'doctor', 'learningRate'];

test.each([
  ['rnu', 'run'],
  ['paln', 'plan'],
  ['RUN', 'run'],
  ['docter', 'doctor'],
  ['learning_rate', 'learningRate'],
  ['frobnicate', undefined],
  ['', undefined],
])('nearest to "%s" is %s', (word, expected) => {
  expect(nearest(word, words)).toBe(expected);
});

test('a word is nearest to itself, and one edit away is found', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 2, maxLength: 12 }),
      fc.nat(),
      fc.boolean(),
      (word, at, drop) => {
        const index = at % word.length;
        const edited = word.slice(0, index) + (drop ? '' : '§') + word.slice(index + 1);
        expect(nearest(word, ['????????????????????????????', word])).toBe(word);
        expect(nearest(edited, [word])).toBe(word);
      },
    ),
  );
});
