import { expect, test } from 'vitest';
import { withinTime } from '../src/within-time.ts';

test('returns and throws what the function does', () => {
  expect(withinTime(60_000, () => 7)).toBe(7);
  expect(() =>
    withinTime(60_000, () => {
      throw new RangeError('own');
    }),
  ).toThrow(new RangeError('own'));
});

test('ends a function that does not return', () => {
  const endless = () => {
    for (;;);
  };
  expect(() => withinTime(20, endless)).toThrow('it takes more than 0.02 s');
  expect(withinTime(60_000, () => 'next')).toBe('next');
  // Each further character doubles the time.
  const endlessly = () => /^(a+)+$/.test(`${'a'.repeat(60)}!`);
  expect(() => withinTime(20, endlessly)).toThrow('it takes more than 0.02 s');
});
