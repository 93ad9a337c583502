import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createDigester } from '../../../src/data/content-digest.ts';
import type { ColumnsReport } from '../../../src/data/features/column-report.ts';
import { createEncoder, fitFeatures, taskSchema } from '../../../src/data/features/index.ts';
import { looksLikeTexts } from '../../../src/data/features/text-look.ts';
import { normalizeText } from '../../../src/data/features/text-normalize.ts';

/** A case of `test/golden/make-texts.py`. */
interface Golden {
  readonly text: string;
  readonly maxCharacters: number;
  readonly normalized: string;
}

const golden: readonly Golden[] = JSON.parse(
  readFileSync(new URL('../../golden/texts.json', import.meta.url), 'utf8'),
);

describe('normalizeText', () => {
  test('takes a text of as many characters as are read, of short words', () => {
    const text = 'a b '.repeat(2 ** 22).trimEnd();
    expect(normalizeText(text, 2 ** 24)).toEqual({ text, isCut: false });
  });

  test('equals the reference in Python', () => {
    expect(golden.map((each) => normalizeText(each.text, each.maxCharacters).text)).toEqual(
      golden.map((each) => each.normalized),
    );
  });

  const anyText = fc.string({ unit: 'binary', maxLength: 60 });

  test('is a projection, and its result is well-formed NFC', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const once = normalizeText(text, 1_000).text;
        expect(normalizeText(once, 1_000)).toEqual({ text: once, isCut: false });
        expect(once.normalize()).toBe(once);
        expect(Buffer.from(once).toString()).toBe(once);
      }),
    );
  });

  test('a cut text is a start of the text, and has at most the characters allowed', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 20 }), (text, most) => {
        const whole = normalizeText(text, 1_000).text;
        const { text: cut, isCut } = normalizeText(text, most);
        expect(whole.startsWith(cut)).toBe(true);
        expect([...cut].length).toBeLessThanOrEqual(most);
        expect(isCut).toBe([...whole].length > most);
      }),
    );
  });

  test.each([
    ['👩‍🚀👩‍🚀', 4, '👩‍🚀'],
    ['👍🏽👍🏽', 3, '👍🏽'],
    ['x̧́y', 2, ''],
    ['ab\u0327\u0301', 3, 'a'],
    ['one two', 4, 'one'],
  ])('cuts %j to %i characters between visible ones', (text, most, cut) => {
    // A first character that does not fit is divided, because an empty text has no use.
    expect(normalizeText(text, most).text).toBe(cut || text.slice(0, most));
  });
});

test('texts are copies if they are equal after normalization', () => {
  const digest = createDigester({ kind: 'text', maxCharacters: 9 });
  const hex = (text: string) => Buffer.from(digest({ kind: 'text', text })).toString('hex');
  expect(hex(' cafe\u0301\r\n au\u0000 lait')).toBe(hex('café au l…'));
  expect(hex('café')).not.toBe(hex('cafe'));
});

test('a table of rows that has texts is warned of', async () => {
  const rows = numbered(40, (index) => `the ${index}th text of the table`).map((text, index) => ({
    ...{ id: text, label: 'a' },
    content: { kind: 'row' as const, columns: { review: text, age: index % 7, label: 'a' } },
  }));
  const tabular = { type: 'tabular-classification', classes: ['a', 'b'] };
  const warnings: string[] = [];
  const fitted = fitFeatures(
    taskSchema.parse(tabular),
    { missing: [] },
    (async function* () {
      yield* rows;
    })(),
    (found) => warnings.push(...found.warnings),
  );
  expect((await fitted).kind).toBe('row');
  expect(warnings).toEqual([
    'column review: its texts of several words are left out; to learn from their words, set task.type: text-classification and task.text: review',
  ]);
  const named = taskSchema.parse({ ...tabular, categorical: ['review'] });
  await fitFeatures(
    named,
    { missing: [] },
    (async function* () {
      yield* rows;
    })(),
    (found) => warnings.push(...found.warnings),
  );
  expect(warnings[1]).toMatch(/^column review: .* are compared only as a whole; /);
});

const task = taskSchema.parse({ type: 'text-classification', classes: ['a', 'b'] });

async function warningsFor(texts: readonly string[], label = 'a', maxCharacters = 20) {
  const examples = texts.map((text, index) => ({
    ...{ id: `${index}`, label },
    content: { kind: 'text' as const, text },
  }));
  let report: ColumnsReport | undefined;
  await fitFeatures(
    { ...task, maxCharacters } as typeof task,
    { missing: [] },
    (async function* () {
      yield* examples;
    })(),
    (found) => {
      report = found;
    },
  );
  return report?.warnings;
}

function numbered(count: number, text: (index: number) => string): string[] {
  return Array.from({ length: count }, (_, index) => text(index));
}

describe('texts of the labeled set', () => {
  test.each([
    ['texts', numbered(20, (index) => `good text${' a'.repeat(index % 4)} ${index}`), []],
    [
      'ids of several words',
      numbered(20, (index) => `订单 ${index}`),
      [
        '20 labeled texts have only 1 different text, numbers left out: task.text should name a column of texts',
      ],
    ],
    [
      'long texts',
      numbered(20, (index) => 'word '.repeat(index)),
      [
        '15 of 19 labeled texts (79%) have more than 20 characters, and only these are read; raise task.maxCharacters to read more',
      ],
    ],
    [
      'ids',
      numbered(20, (index) => `A-${index}f`),
      [
        '20 of 20 labeled texts look like ids, one word with digits: task.text should name a column of texts',
      ],
    ],
    [
      'labels',
      numbered(20, () => 'a'),
      [
        '20 of 20 labeled texts are the name of their class: task.text seems to name a column of labels',
      ],
    ],
    [
      'addresses of the web',
      numbered(20, (index) => `http://${'ab'.repeat(1 + (index % 4))}/${index}`),
      [],
    ],
  ])('%s: the user is warned', async (_, texts, warnings) => {
    expect(await warningsFor(texts)).toEqual(warnings);
  });

  test.each([
    ['', 'Its text is empty.'],
    [' \t\u00a0\n', 'Its text is empty.'],
    ['\u0000\u0001 \u200b\u200e', 'Its text has no visible characters.'],
    ['x'.repeat(2 ** 24 + 1), 'Its text has 16777217 characters; at most 16777216 are read.'],
  ])('%#: a text that cannot be used is rejected', async (text, reason) => {
    const { decode } = createEncoder({ kind: 'text', maxCharacters: 10 });
    const content = { kind: 'text' as const, text };
    expect(await decode({ id: 'x', label: undefined, content })).toEqual({ id: 'x', reason });
  });
});

test.each([
  [true, 'sentences', ['It arrived late.', 'Works as described, thanks!', 'ok lah see you']],
  [true, 'Japanese', ['とても良い商品でした', '二度と買いません']],
  [true, 'Thai', ['อาหารอร่อยมากครับ', 'บริการแย่มาก']],
  [true, 'Arabic', ['هذا الكتاب رائع جدا', 'لم يعجبني هذا الفيلم']],
  [
    false,
    'categories of several words',
    numbered(40, (i) => ['no high school', 'some college degree here'][i % 2]!),
  ],
  [false, 'dates', ['Monday, January 5 2024', '5 March 2024', '6 March 2024']],
  [false, 'paths', ['images/train/0001.png', 'images/train/0002.png']],
  [false, 'addresses of the web', ['https://a.com/x y', 'https://b.com/z']],
  [false, 'lists of numbers', ['70 80 82 72 58', '151 150 147 155']],
  [false, 'JSON', ['["one two three four"]', '{"a": "b c d e"}']],
  [false, 'lists of Python', ["['one two three', 'four five six']", "[ 'a b c d', None]"]],
  [false, 'objects of Python', ["{'a': 'one two three four'}", "{'a': 'b c d e f'}"]],
  [false, 'lists of Python 2', ["[u'one two three', u'four five']", "[b'one two three four']"]],
  [false, 'lists of calls', ["[Decimal('1'), a b c d]", '[datetime.date(1, 2, 3), a b c]']],
  [false, 'objects of Spark', ['{city=New York City, country=US}', '{city=San Jose de B}']],
  [
    false,
    'lists with a text among them',
    numbered(20, (i) => (i === 7 ? 'left out by the author' : `["the list of words ${i}"]`)),
  ],
  [
    true,
    'messages in brackets',
    ['[laughs out loudly]', '{sighs and goes away}', '[true that, sir]'],
  ],
  [
    true,
    'messages, some of which are lists',
    numbered(20, (i) => (i % 2 ? `["a", "b c d ${i}"]` : `[12:${i}] see you then [sic]`)),
  ],
  [false, 'names', ['Ada Lovelace', 'Alan Turing']],
  [false, 'ids', ['9f86d081-884c-7d65', '60303ae2-2b98-71e6']],
  [false, 'numbers', [1, 2, 3]],
  [false, 'nothing', [null, '']],
])('%s: %s look like texts', (expected, _, values) => {
  expect(looksLikeTexts(values)).toBe(expected);
});
