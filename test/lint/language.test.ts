import { describe, expect, test } from 'vitest';
import { checkLanguage } from '../../lint/language.mjs';
// In a file of another kind, so that the check does not find them here.
import planted from './planted.json' with { type: 'json' };

function check(text: string, file = 'a.ts') {
  return checkLanguage({ file, text });
}

describe('a comment is found', () => {
  test.each(planted.comments)('%j', (comment, found) => {
    expect(check(`const x = 1;\n${comment}\n`)).toEqual([
      expect.stringContaining(`"${found}": write `),
    ]);
  });

  test('at the line where a phrase starts that two lines share', () => {
    const [block, lines] = planted.brokenLines;
    expect(check(block!)).toEqual([expect.stringMatching(/^a\.ts:2: "goes on"/)]);
    expect(check(lines!)).toEqual([expect.stringMatching(/^a\.ts:1: "goes on"/)]);
  });

  test('if it has more than 100 columns, unless it holds an address', () => {
    expect(check(`  // ${'x'.repeat(96)}`)).toEqual(['a.ts:1: "101 columns": write at most 100']);
    expect(check(`// ${'x'.repeat(97)}`)).toEqual([]);
    expect(check(`// https://example.org/${'x'.repeat(97)}`)).toEqual([]);
    expect(check(`const x = '${'x'.repeat(99)}';`)).toEqual([]);
  });
});

test('texts for users are found: of errors and of the schema', () => {
  expect(check(planted.strings)).toEqual([
    expect.stringMatching(/^a\.ts:1: "is no number"/),
    expect.stringMatching(/^a\.ts:2: "brought"/),
  ]);
});

test('the text of a document is found', () => {
  expect(check(planted.document, 'a.md')).toEqual([expect.stringMatching(/^a\.md:3: "goes on"/)]);
});

test('an identifier that calls an index a place is found', () => {
  expect(check('const place = 1;\nconst samePlace = place;')).toHaveLength(3);
  expect(check('const placeholder = replace(1);\nmoveIntoPlace(a, placement);')).toEqual([]);
});

describe('clean text is left alone:', () => {
  test.each(planted.clean)('%s', (text) => {
    expect(check(text)).toEqual([]);
  });

  test('code in a document', () => {
    expect(check(planted.cleanDocument, 'a.md')).toEqual([]);
  });
});
