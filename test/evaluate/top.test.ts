import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Top } from '../../src/evaluate/top.ts';

test('keeps the items with the largest scores, of equal ones the first', () => {
  const property = fc.property(fc.array(fc.integer({ min: 0, max: 9 })), fc.nat(6), (scores, n) => {
    const top = new Top<number>(n);
    for (const [index, score] of scores.entries()) top.add(score, () => index);
    const order = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]!);
    expect(top.result()).toEqual(order.slice(0, n));
  });
  fc.assert(property, { numRuns: 50 });
});

test('makes only items that it keeps for now', () => {
  const top = new Top<string>(1);
  top.add(2, () => 'first');
  top.add(1, () => expect.fail('this item is never kept'));
  expect(top.result()).toEqual(['first']);
});
