import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseTags } from '../../src/aws/tags.ts';

const part = fc.stringMatching(/^[A-Za-z0-9 _.:/+@-]{1,20}$/);

test('reads what it was given', () => {
  const tags = fc.uniqueArray(
    fc.tuple(
      part.filter((key) => !/^aws:/i.test(key)),
      part,
    ),
    { minLength: 1, maxLength: 40, selector: ([key]) => key.toLowerCase() },
  );
  fc.assert(
    fc.property(tags, (pairs) => {
      const text = pairs.map(([key, value]) => `${key}=${value}`).join();
      expect(parseTags(text)).toEqual(Object.fromEntries(pairs));
    }),
  );
});

test.each([
  ['team=', { team: '' }],
  ['a=b=c', { a: 'b=c' }],
  ['équipe=données', { équipe: 'données' }],
])('%s', (text, tags) => {
  expect(parseTags(text)).toEqual(tags);
});

test.each([
  '',
  'team',
  '=a',
  'a=1,',
  'a=1,b',
  'a=1,a=2',
  'a=1,A=2',
  'aws:a=1',
  'AWS:a=1',
  'a=<b>',
  `${'k'.repeat(129)}=a`,
  `a=${'v'.repeat(257)}`,
  Array.from({ length: 41 }, (_, index) => `k${index}=v`).join(),
])('refuses %s', (text) => {
  expect(parseTags(text)).toBeUndefined();
});
