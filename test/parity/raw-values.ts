/** Rows, vectors and texts as they are in files, with all that is difficult about them. */
import type { Random } from '../../src/data/random.ts';

/** A row as a program has it. */
export type RawRow = Readonly<Record<string, string | number | null>>;

/** Returns one of the items. */
export function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[Math.floor(random() * items.length)]!;
}

/** Usual and other spellings of a missing value. */
const missing = [null, '', ' ', 'NA', 'n/a', 'NaN', 'NULL', 'None', '-', '?', '#N/A', 'leer'];

/** Texts of the section `data.missing`. */
export const missingTexts = ['', '?', 'NA', 'leer', '-1'];

const categories = [
  ...[
    'red',
    'Red',
    'RED ',
    ' blå',
    'bla\u030a',
    '日本',
    '👍🏽',
    '2',
    2,
    '2.0',
    '02',
    '007',
    '7',
    '.5',
    0.5,
  ],
  ...[
    'true',
    'never seen',
    '\u00a0',
    'a,b',
    '"quoted"',
    "it's",
    '<b>',
    'x'.repeat(300),
    1e21,
    1e-7,
  ],
];

/** Makes a row. The first rows of a set may fit the columns, and all others may be new to them. */
export function rawRow(random: Random): RawRow {
  const rare = <Value>(value: Value, others: readonly Value[]) =>
    random() < 0.85 ? value : pick(random, others);
  const age = Math.floor(17 + 73 * random());
  const size = 200 * random() - 100;
  const income = Math.floor(1e6 * random());
  return {
    age: rare<string | number | null>(pick(random, [age, `${age}`, ` ${age}.0 `, `+${age}`]), [
      ...missing,
      ...[-999, '-999', 99_999, 1e30, -1, '-1', '-1.00', '\u22123', '2e1', '.5e1'],
    ]),
    size: rare(size.toFixed(2).replace('.', ','), [
      ...['1.234,5', '-0,5', "1'000,25", '3', '\u22121,5', '-1,0', '-', 'NaN', ''],
    ]),
    income: rare(income.toLocaleString('en-US'), ['1,234,567.5', '12', 'NA', '?', '-1.0', ' 7 ']),
    'time of day': 1.7e9 + Math.floor(1e7 * random()),
    tiny: rare<string | number | null>(random() * 1e-12, [...missing, '1e-12', 0]),
    color: pick(random, [...categories, ...missing]),
    'Größe (cm)': pick(random, ['S', 'M', 'L', 'XL']),
  };
}

/** Makes a vector: numbers near 0, and some that are 0, tiny or large. */
export function rawVector(random: Random, length: number): number[] {
  return Array.from({ length }, () => {
    const value = 4 * random() - 2;
    return random() < 0.9 ? value : pick(random, [0, -0, 1e-40, 1e-8, 50, -50]);
  });
}

const words = [
  ...[
    'a',
    'good',
    'BAD',
    'Film',
    'plot',
    'the',
    "don't",
    'was',
    'ΟΔΟΣ',
    'naïve',
    'cafe\u0301',
    '映画',
  ],
  ...[
    '👍🏽',
    '👩‍👩‍👧',
    '3.14',
    'e\u0301\u0302',
    '\ufeff',
    'a\u0007b',
    'İstanbul',
    'ﬁn',
    '—',
    '!!',
    'שלום',
    'x'.repeat(90),
  ],
];
const spaces = [' ', '  ', '\n', '\t', '\u00a0', '\u3000', '\u2028', '\u0085', '\r\n', ' \u200b'];

/** Makes a text of 1 to 60 words. Long ones are cut. */
export function rawText(random: Random): string {
  const count = 1 + Math.floor((random() < 0.9 ? 12 : 60) * random());
  const text = Array.from({ length: count }, () => pick(random, words) + pick(random, spaces));
  return `${pick(random, ['', ' ', '\ufeff'])}${text.join('')}${pick(random, ['.', 'film', 'a'])}`;
}
