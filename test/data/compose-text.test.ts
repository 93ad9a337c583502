import { expect, test } from 'vitest';
import { composeText, withoutManyMarks } from '../../src/data/compose-text.ts';
import { normalizeText } from '../../src/data/features/text-normalize.ts';

/** Marks of two classes, which are sorted: the second comes first. */
const marks = (pairs: number) => '\u0301\u0316'.repeat(pairs);

test('a text with up to 1,000 marks in a row has the form of Unicode', () => {
  const text = `cafe\u0301 ${marks(500)}x\u1100\u1161\u11a8 \u212b${marks(3)}`;
  expect(composeText(text)).toBe(text.normalize('NFC'));
  expect(composeText('\ufb01', 'NFKC')).toBe('fi');
});

test('more marks are sorted by the thousand', () => {
  const sorted = `${'\u0316'.repeat(500)}${'\u0301'.repeat(500)}`;
  expect(composeText(`x${marks(1000)}e\u0301`)).toBe(`x${sorted}${sorted}\u00e9`);
});

test('a million marks take no time', { timeout: 20_000 }, () => {
  expect(normalizeText(`a${marks(500_000)}`, 5e6).text.length).toBeGreaterThan(990_000);
});

test('marks after the first 1,000 in a row can be removed', () => {
  expect(withoutManyMarks(`a${marks(600)}b\u0301c${marks(500)}`)).toBe(
    `a${marks(500)}b\u0301c${marks(500)}`,
  );
});
