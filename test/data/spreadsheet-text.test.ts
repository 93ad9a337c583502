import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAnswers } from '../../src/data/answers.ts';
import {
  fromSpreadsheet,
  spreadsheetField,
  spreadsheetText,
} from '../../src/data/spreadsheet-text.ts';
import { predictionFormats } from '../../src/data/tables/predicted-examples.ts';
import { oneClass } from '../../src/debias/decisions.ts';
import { previewKey } from '../../src/evaluate/report/previews.ts';
import { labelNextCsv } from '../../src/stages/evaluate/next-to-label.ts';

const examples: readonly (readonly [text: string, cell: string])[] = [
  ['=1+1', "'=1+1"],
  ['+1', "'+1"],
  ['-x.png', "'-x.png"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\t=1', "'\t'=1"],
  [' =1', "' =1"],
  ['\r=1', "'\r'=1"],
  ['\n=1', "'\n'=1"],
  ['\u001b]0;title\u0007', "'\u001b]0;title\u0007"],
  ['＝1', "'＝1"],
  ['a;=1', "a;'=1"],
  ['a; -b', "a;' -b"],
  ['a;"=1"', 'a;\'"=1"'],
  ["'=1", "''=1"],
  ["''=1", "'''=1"],
  ["'-5", "''-5"],
  ['-5;b', "'-5;b"],
  // Numbers, and texts that no spreadsheet runs.
  ['-5', '-5'],
  ['-0.25', '-0.25'],
  ['-1.5e-7', '-1.5e-7'],
  ['a;-5;b', 'a;-5;b'],
  ["'quoted'", "'quoted'"],
  ['a=b', 'a=b'],
  ['a; b', 'a; b'],
  ['', ''],
];

/** Texts of the characters that matter here. */
const hostile = fc.oneof(
  fc.string({
    unit: fc.constantFrom(...`'"=+-@;,\t\r\n \u001b\u0000\u00a0\ufeff＝－5.eEa`),
    maxLength: 12,
  }),
  fc.string({ unit: 'grapheme' }),
);

/** A formula at the start of a cell, behind characters that a spreadsheet may drop. */
const live = /^[\s\p{Cc}"]*[=+\-@＝＋－＠]/u;
const isNumber = (text: string) => /^-\d/.test(text) && !Number.isNaN(Number(text));

describe('a text in a cell', () => {
  test.each(examples)('%j is %j', (text, cell) => {
    expect(spreadsheetText(text)).toBe(cell);
    expect(fromSpreadsheet(cell)).toBe(text);
  });

  test('is that of one text only', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(fromSpreadsheet(spreadsheetText(text))).toBe(text);
      }),
      { numRuns: 3000 },
    );
  });

  test('is not a formula, whichever character separates cells', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const cell = spreadsheetText(text);
        for (const part of [cell, ...cell.split(/[;\t\r\n]/)]) {
          expect(live.test(part) && !isNumber(part)).toBe(false);
        }
        expect(cell).not.toMatch(/^[\s\p{Cc}]/u);
      }),
      { numRuns: 3000 },
    );
  });
});

const classes = ['=cat', '-1', "'@dog", 'a'];
const decisions = oneClass(classes.length);

/** Saves a file again as a spreadsheet does: it puts no cell in quotes that does not need them. */
function savedAgain(csv: string): string {
  const rows: string[][] = parse(csv);
  const cellOf = (text: string) =>
    /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  return rows.map((row) => `${row.map(cellOf).join()}\n`).join('');
}

test('add-labels finds the ids and classes of label-next.csv, also after a spreadsheet', () => {
  const id = hostile.filter((text) => text !== '');
  const ids = fc.uniqueArray(id, { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(ids, fc.infiniteStream(fc.nat(3)), (ids, picks) => {
      const answered = ids.map((id) => ({ id, index: picks.next().value! }));
      const csv = labelNextCsv(
        answered.map(({ id, index }) => ({
          shard: 's',
          id,
          prediction: classes[index]!,
          margin: 0,
        })),
        new Map(),
      );
      const filled = csv.replace('id,label,prediction,', 'id,unused,label,');
      const expected = answered.map(({ id, index }) => [id, Int32Array.of(index)]);
      const read = parseAnswers({ name: 'a.csv', text: filled }, classes, decisions);
      expect([...read.labels]).toEqual(expected);
      // Only the spaces at the end of an id are lost if a spreadsheet drops its quotes.
      if (ids.some((id) => /\s$/.test(id))) return;
      const again = parseAnswers({ name: 'a.csv', text: savedAgain(filled) }, classes, decisions);
      expect([...again.labels]).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});

test('content of label-next.csv is not a formula, and none of its columns hides the ids', () => {
  const cells = [
    ['=cmd', '\t=1'],
    ['id ', 'other'],
    ['number', '-3'],
  ] as const;
  const example = { shard: 's', id: 'a', prediction: 'x', margin: 0.5 };
  const preview = { kind: 'columns', cells, more: 0 } as const;
  const csv = labelNextCsv([example], new Map([[previewKey(example), preview]]));
  expect(csv).toBe("id,label,prediction,margin,'=cmd,number\na,,x,0.500,'\t'=1,-3\n");
});

test('no id, class or header of predictions is a formula; numbers stay', () => {
  const rows = [
    { id: '=1', class: '-x', labels: ['-x', 'b'], probabilities: Float32Array.of(0.75, 0.25) },
    { id: '-5', class: 'b', labels: [], probabilities: Float32Array.of(1e-7, 1) },
  ];
  const textOf = (isMultiLabel: boolean) => {
    const writer = predictionFormats.csv.create({ classes: ['-x', 'b'], isMultiLabel });
    return [writer.append(rows), writer.finish()].map(String).join('');
  };
  expect(textOf(false)).toBe("id,class,p_-x,p_b\n'=1,'-x,0.75,0.25\n-5,b,1e-7,1\n");
  expect(textOf(true)).toBe("id,labels,p_-x,p_b\n'=1,'-x;b,0.75,0.25\n-5,,1e-7,1\n");
});

test('a number is a cell as it is', () => {
  expect([-1, 0.5, 1e21].map(spreadsheetField)).toEqual(['-1', '0.5', '1e+21']);
});
