/** Choice of the columns of a table, by their content and their names. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Content, Example } from '../../../src/data/example.ts';
import { columnLines } from '../../../src/data/features/column-lines.ts';
import type { ColumnsReport } from '../../../src/data/features/column-report.ts';
import { createEncoder, type Features, fitFeatures } from '../../../src/data/features/index.ts';
import { describeGaps, rowGaps } from '../../../src/data/features/row-gaps.ts';
import { collect } from '../../support/examples.ts';
import { readerConfig } from '../../support/reader-config.ts';

type Cells = Readonly<Record<string, string | number | null>>;

async function* examplesOf(rows: readonly Cells[]): AsyncGenerator<Example> {
  for (const [index, columns] of rows.entries()) {
    yield { id: String(index), label: 'yes', content: { kind: 'row', columns } };
  }
}

/** Fits rows; returns the features by name and the description of the columns. */
async function fitTable(rows: readonly Cells[], task: Record<string, unknown> = {}) {
  let report: ColumnsReport = { columns: [], warnings: [] };
  const config = readerConfig('row', { format: 'csv' }, task);
  const features = await fitFeatures(config.task, config.data, examplesOf(rows), (found) => {
    report = found;
  });
  if (features.kind !== 'row') throw new Error(features.kind);
  const described = (name: string) => report.columns.find((column) => column.name === name);
  const featureOf = (name: string) => features.columns.find((column) => column.name === name);
  return { features, report, described, featureOf };
}

/** A table of n rows with the class and these columns, by functions of the row. */
function table(
  n: number,
  columns: Record<string, (row: number) => string | number | null>,
): Record<string, string | number | null>[] {
  return Array.from({ length: n }, (_, row) => ({
    ...Object.fromEntries(Object.entries(columns).map(([name, cell]) => [name, cell(row)])),
    label: row % 2 === 0 ? 'yes' : 'no',
  }));
}

/** A number that looks measured. */
const measured = (row: number) => ((row * 37) % 101) / 8;

async function encode(features: Features, columns: Cells) {
  const content: Content = { kind: 'row', columns };
  const decoded = await createEncoder(features).decode({ id: 'x', label: undefined, content });
  return 'reason' in decoded ? decoded.reason : Array.from(decoded as Float32Array);
}

const spellings = [
  ...['', ' ', 'nan', 'NaN', 'NAN', '-nan', 'NULL', 'null', 'None', 'N/A', 'n/a', '#N/A', '<NA>'],
  ...['NA', '-', '--', '?', '.', 'inf', '-Infinity', 'NaT', '\\N', '#DIV/0!', '1.#QNAN', 'nil'],
];

describe('missing values', () => {
  test.each(spellings)('%j in a column of numbers is missing', async (spelling) => {
    const rows = table(40, {
      x: (row) => (row === 7 ? spelling : String(measured(row))),
      town: (row) => (row === 9 ? spelling : ['Bern', 'Rome'][row % 2]!),
    });
    const { features, described, report } = await fitTable(rows);
    const empty = rows.map((row, index) => ({
      ...row,
      ...(index === 7 && { x: null }),
      ...(index === 9 && { town: null }),
    }));
    expect(features).toEqual((await fitTable(empty)).features);
    expect(described('x')).toMatchObject({ use: 'numeric', missing: 1, missingShare: 1 / 40 });
    expect(described('town')).toMatchObject({ use: 'categorical', missing: 1 });
    expect(report.warnings).toEqual([]);
    expect(await encode(features, { x: spelling, town: spelling })).toEqual(
      await encode(features, { x: null, town: null }),
    );
  });

  test('a typing error counts as missing, with its count; another one later is rejected', async () => {
    const rows = table(40, { x: (row) => (row === 3 ? '1.2.3' : String(measured(row))) });
    const { features, described, report } = await fitTable(rows);
    expect(described('x')).toMatchObject({
      use: 'numeric',
      missing: 1,
      notes: ["1 value not a number: '1.2.3'"],
    });
    expect(report.warnings).toEqual([
      "column x: 1 of 40 values is not a number and counts as missing: '1.2.3'",
    ]);
    expect(await encode(features, { x: '1.2.3' })).toEqual([0, 1]);
    expect(await encode(features, { x: '12O' })).toContain("Its column 'x' is '12O'");
  });

  test('one frequent text among many numbers stands for missing', async () => {
    const rows = table(100, { x: (row) => (row % 3 === 0 ? 'unknown' : String(row / 7)) });
    expect((await fitTable(rows)).described('x')).toMatchObject({ use: 'numeric', missing: 34 });
  });

  test('a number used as a category stays one', async () => {
    const rows = table(40, { grade: (row) => ['1', '2', '3', 'K'][row % 4]! });
    expect((await fitTable(rows)).featureOf('grade')).toMatchObject({
      values: ['1', '2', '3', 'K'],
    });
  });

  test.each([-999_999, -9999, 99_999, -1.797_693_134_862_315_7e308, -3.4028234663852886e38, 1e300])(
    'the stand-in %d is missing, also on other rows',
    async (value) => {
      const rows = table(40, { x: (row) => (row % 10 === 3 ? value : measured(row)) });
      const { features, described, featureOf } = await fitTable(rows);
      expect(described('x')).toMatchObject({ use: 'numeric', missing: 4, range: [0, 12.5] });
      const known = await fitTable(rows.filter(({ x }) => x !== value));
      expect(featureOf('x')).toEqual(known.featureOf('x'));
      expect(await encode(features, { x: String(value) })).toEqual([0, 1]);
      expect(await encode(known.features, { x: value })).toEqual([0, 1]);
    },
  );

  test('nines within the range of the others are numbers', async () => {
    const rows = table(40, { price: (row) => (row === 3 ? 999 : row * 40 + (row % 7)) });
    expect((await fitTable(rows, { numeric: ['price'] })).described('price')).toMatchObject({
      missing: 0,
      notes: [],
    });
  });

  test('a number far from all others is reported', async () => {
    const rows = table(40, { x: (row) => (row === 3 ? 1e9 : measured(row)) });
    const { report } = await fitTable(rows);
    expect(report.warnings).toEqual([
      expect.stringContaining('column x: 1000000000 is far from the other numbers'),
    ]);
  });
});

describe('other notations', () => {
  test.each([
    ['1,5', '2,25', [1.5, 2.25]],
    ['1.234,5', '17,25', [1234.5, 17.25]],
    ['1,234.5', '17.25', [1234.5, 17.25]],
    ['1,234,567', '12', [1_234_567, 12]],
    ["1'234.50", '12', [1234.5, 12]],
    ['1 234,5', '12', [1234.5, 12]],
    ['1234,567', '12', [1234.567, 12]],
  ])('%s and %s', async (first, second, numbers) => {
    const rows = table(20, { x: (row) => [first, second][row % 2]! });
    const { featureOf, features } = await fitTable(rows, { numeric: ['x'] });
    const range = [Math.min(...numbers), Math.max(...numbers)];
    expect(featureOf('x')).toMatchObject({
      mean: expect.closeTo((range[0]! + range[1]!) / 2),
      range,
    });
    const sign = numbers.indexOf(Math.max(...numbers)) === 0 ? 1 : -1;
    expect(await encode(features, { x: first })).toEqual([sign, 0]);
  });

  test('a comma that may be either is refused, with the column', async () => {
    const rows = table(20, { price: (row) => `${row + 1},${100 + row}`, x: measured });
    await expect(fitTable(rows)).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(/column 'price' can be read in two ways.*comma in '1,100'/),
    });
  });

  test('and is read as in the other columns', async () => {
    const rows = table(20, {
      price: (row) => `${row + 1},${100 + row}`,
      x: (row) => `${row},5`,
    });
    expect((await fitTable(rows)).featureOf('price')).toMatchObject({
      notation: 'comma',
      range: [1.1, 20.119],
    });
    const grouped = table(20, {
      price: (row) => `${row + 1},${100 + row}`,
      x: (row) => `${row},000.5`,
    });
    expect((await fitTable(grouped)).featureOf('price')).toMatchObject({ range: [1100, 20_119] });
  });

  test('small numbers without commas show that commas separate thousands', async () => {
    const rows = table(20, { n: (row) => (row % 2 ? `${row},100` : String(row * 31)) });
    expect((await fitTable(rows)).featureOf('n')).toMatchObject({ notation: 'grouped' });
  });
});

describe('codes', () => {
  test('leading zeros, hexadecimal and long integers are text', async () => {
    const rows = table(40, {
      zip: (row) => ['01234', '90210', '60601'][row % 3]!,
      hex: (row) => ['0x1F', '0x20'][row % 2]!,
      long: (row) => ['12345678901234567890', '12345678901234567891'][row % 2]!,
    });
    const { featureOf, described } = await fitTable(rows);
    expect(featureOf('zip')).toMatchObject({ values: ['01234', '60601', '90210'] });
    expect(featureOf('hex')).toMatchObject({ values: ['0x1F', '0x20'] });
    expect(featureOf('long')).toMatchObject({ kind: 'categorical' });
    expect(described('zip')?.notes).toEqual(['codes such as 007, kept as text']);
  });

  test('2, "2" and "2.0" are one category', async () => {
    const rows = table(12, { c: (row) => [2, '2', '2.0', 'x'][row % 4]! });
    const { features, featureOf } = await fitTable(rows, { categorical: ['c'] });
    expect(featureOf('c')).toMatchObject({ values: ['2', 'x'] });
    expect(await encode(features, { c: '2.00' })).toEqual([1, 0, 0]);
  });

  test('composed and decomposed letters are one category', async () => {
    const rows = table(12, { town: (row) => ['Köln', 'Köln'.normalize('NFD'), 'Bonn'][row % 3]! });
    expect((await fitTable(rows)).featureOf('town')).toMatchObject({ values: ['Köln', 'Bonn'] });
  });
});

test('a text that is different in nearly every row is left out, or warned of if it is listed', async () => {
  const rows = table(40, { mail: (row) => `p${row}@example.org`, x: (row) => row % 7 });
  const chosen = await fitTable(rows);
  expect(chosen.featureOf('mail')).toBeUndefined();
  expect(chosen.report.warnings).toEqual([]);
  const listed = await fitTable(rows, { numeric: ['x'], categorical: ['mail'] });
  expect(listed.report.warnings).toEqual([
    expect.stringMatching(
      /^column mail: 40 different values in 40 rows .* student.json would list/,
    ),
  ]);
  const repeated = table(80, { town: (row) => `town ${row % 40}`, x: (row) => row % 7 });
  const towns = await fitTable(repeated, { numeric: ['x'], categorical: ['town'] });
  expect(towns.report.warnings).toEqual([]);
});

describe('columns that are left out', () => {
  const shuffled = (row: number) => (row * 17) % 40;
  test.each<[string, string, (row: number) => string | number | null, RegExp]>([
    ['an unnamed first column', 'Unnamed: 0', (row) => row, /counts the rows/],
    ['an index under another name', 'what', (row) => row + 5, /counts the rows/],
    ['an index in any order', 'what', shuffled, /counts the rows/],
    ['an index that starts again per file', 'what', (row) => (row % 20) + 1, /counts the rows/],
    ['an index that ends with nines', 'what', (row) => shuffled(row) + 960, /counts the rows/],
    ['an index of pandas', '__index_level_0__', (row) => row * 3, /counts|an id/],
    ['Id, in any order', 'Id', (row) => shuffled(row) * 3, /an id/],
    ['an id of customers', 'CustomerID', (row) => shuffled(row) * 3, /an id/],
    ['a constant', 'x', () => 'k', /constant: always 'k'/],
    ['a constant number', 'x', () => 7, /constant/],
    ['nothing', 'x', () => null, /empty/],
    ['dates', 'day', (row) => `2024-01-${10 + (row % 20)}`, /dates/],
    ['German dates', 'day', (row) => `${10 + (row % 20)}.01.2024`, /dates/],
    ['times', 'at', (row) => `2024-01-${10 + (row % 20)}T12:30:00Z`, /dates/],
    [
      'dates with days of the week',
      'day',
      (row) => `Mon, ${10 + (row % 9)} Jan 2024 10:00 GMT`,
      /dates/,
    ],
    ['dates of C', 'day', (row) => `Mon Jan ${10 + (row % 9)} 10:00:00 2024`, /dates/],
    ['Japanese dates', 'day', (row) => `2024年1月${10 + (row % 9)}日`, /dates/],
    ['dates with ordinal points', 'day', (row) => `${10 + (row % 9)}. March 2024`, /dates/],
    ['months', 'month', (row) => `2024-0${1 + (row % 9)}`, /dates/],
    ['quarters', 'quarter', (row) => `20${10 + (row % 9)}Q${1 + (row % 4)}`, /dates/],
    ['dates without separators', 'day', (row) => 20_240_110 + (row % 20), /dates/],
    ['nanoseconds', 'ts', (row) => `${1_700_000_000_000 + shuffled(row)}000000`, /dates/],
    ['long integers', 'x', (row) => `${1_700_000_000_000 + shuffled(row)}000000`, /hardly/],
    ['seconds', 'timestamp', (row) => 1_700_000_000 + shuffled(row) * 86_400, /dates/],
    ['text of its own in every row', 'name', (row) => `Person ${row}`, /hardly repeats: 40/],
  ])('%s', async (_, name, cell, note) => {
    const rows = table(40, { [name]: cell, x2: measured });
    const { features, described } = await fitTable(rows);
    expect(features.columns.map((column) => column.name)).toEqual(['x2']);
    expect(described(name)).toMatchObject({ use: 'none', notes: [expect.stringMatching(note)] });
  });

  test('are used if the task names them', async () => {
    const rows = table(40, { Id: (row) => row, name: (row) => `Person ${row}`, k: () => 'k' });
    const { features } = await fitTable(rows, { numeric: ['Id'], categorical: ['name', 'k'] });
    expect(features.columns.map(({ name, kind }) => [name, kind])).toEqual([
      ['Id', 'numeric'],
      ['k', 'categorical'],
      ['name', 'categorical'],
    ]);
  });

  test('a column named as numeric needs numbers', async () => {
    const rows = table(40, { day: (row) => `2024-01-${10 + (row % 20)}` });
    await expect(fitTable(rows, { numeric: ['day'] })).rejects.toThrow(
      /'day' \(task\.numeric\) has no numbers.*'2024-01-10'/,
    );
  });

  test.each<[string, string, (row: number) => string | number]>([
    ['a year', 'year', (row) => 1990 + ((row * 7) % 30)],
    ['a store', 'store_id', (row) => row % 5],
    ['an acid', 'citric acid', (row) => measured(row)],
    ['a refractive index', 'index', (row) => measured(row)],
    ['a flag', 'flag', (row) => row % 2],
  ])('%s is a feature', async (_, name, cell) => {
    expect((await fitTable(table(40, { [name]: cell }))).featureOf(name)).toBeDefined();
  });

  test('a constant with missing values is a feature: the gaps may tell', async () => {
    const rows = table(40, { x: (row) => (row % 3 === 0 ? null : 'k') });
    expect((await fitTable(rows)).featureOf('x')).toMatchObject({ values: ['k'] });
  });
});

describe('warnings', () => {
  test('a column with many numbers and several texts', async () => {
    const rows = table(100, {
      x: (row) => (row % 4 === 0 ? `about ${row}` : String(row / 7)),
      y: (row) => (row % 4 === 0 ? ['a', 'b', 'c', 'd', 'e'][row % 5]! : String((row % 30) / 7)),
    });
    const { report, described } = await fitTable(rows);
    expect(described('x')?.use).toBe('none');
    expect(report.warnings).toEqual([
      expect.stringMatching(/column x: 75 of 100 values are numbers, but it is left out as text/),
      expect.stringMatching(/column y: 75 of 100 values are numbers, but .*'a', .*, …; list it/),
    ]);
  });

  test.each<[string, (row: number) => string, string]>([
    ['a few prices', (row) => `$${row % 14}`, 'treated as text'],
    ['shares', (row) => `${row % 30} %`, 'treated as text'],
    ['prices with thousands', (row) => `$1,${200 + row}.50`, 'left out as text'],
    ['codes of currencies', (row) => `EUR ${measured(row)}`, 'left out as text'],
    ['brackets of accountants', (row) => `(${measured(row)})`, 'left out as text'],
    ['a minus at the end', (row) => `${measured(row)}-`, 'left out as text'],
    ['thousands of India', (row) => `12,34,${100 + row}`, 'left out as text'],
    ['limits', (row) => `<${measured(row)}`, 'left out as text'],
  ])('numbers that are not plain: %s', async (_, cell, effect) => {
    const rows = table(100, { x: cell, x2: measured });
    expect((await fitTable(rows)).report.warnings).toEqual([
      expect.stringMatching(
        new RegExp(
          `column x: \\d+ different values such as '.*' are ${effect}; write them as plain`,
        ),
      ),
    ]);
  });

  test('a few numbers with a unit are listed, many different ones are reported', async () => {
    const rows = table(100, {
      size: (row) => ['3 kg', '5 kg'][row % 2]!,
      price: (row) => `$${row}.50`,
    });
    const { report, described } = await fitTable(rows);
    expect(described('size')?.notes).toEqual(["numbers with a unit such as '3 kg', kept as text"]);
    expect(described('price')?.use).toBe('none');
    expect(report.warnings).toEqual([
      expect.stringMatching(
        /column price: 100 different values such as '\$0.50' are left out as text.* without units/,
      ),
    ]);
  });

  test.each(['Room 12', '12 Main Street', 'A12', 'B-7', '3/4', '10-15'])(
    'not of texts such as %s',
    async (text) => {
      const rows = table(100, { x: (row) => `${text}${row % 20}`, x2: measured });
      expect((await fitTable(rows)).report.warnings).toEqual([]);
    },
  );
});

test('columns as lines for people', async () => {
  const rows = table(200, {
    Id: (row) => row,
    age: (row) => (row === 3 ? 'old' : row === 4 ? -999 : (row * 7) % 90),
    town: (row) => ['Bern', 'Rome', null][row % 3]!,
  });
  const { report } = await fitTable(rows);
  expect(columnLines(report.columns).join('\n')).toMatchInlineSnapshot(`
    "label  class        2 values
    age    numeric      0 to 89     1.0% missing   1 value not a number: 'old'; 1 value of -999 as missing
    town   categorical  2 values    33.0% missing
    Id     not used     200 values                 counts the rows"
  `);
});

test('of many columns, the first 40 are listed', async () => {
  const columns = Array.from({ length: 60 }, (_, index) => [`g${index}`, measured] as const);
  const lines = columnLines(
    (await fitTable(table(20, Object.fromEntries(columns)))).report.columns,
  );
  expect(lines.length).toBe(41);
  expect(lines.at(-1)).toBe('… and 21 more');
});

test('of many warnings, the first 20 are shown', async () => {
  const columns = Array.from({ length: 30 }, (_, index) => {
    const cell = (row: number) => (row === 3 ? 'x' : measured(row));
    return [`g${index}`, cell] as const;
  });
  const { warnings } = (await fitTable(table(20, Object.fromEntries(columns)))).report;
  expect(warnings).toHaveLength(21);
  expect(warnings.at(-1)).toBe('10 more columns have such warnings');
});

test('the order of the columns does not matter', async () => {
  const rows = table(30, {
    x: measured,
    y: (row) => `${row % 9},5`,
    town: (row) => ['Bern', 'Rome'][row % 2]!,
    Id: (row) => row,
    zip: (row) => `0${row % 5}`,
  });
  const { features } = await fitTable(rows);
  const names = Object.keys(rows[0]!);
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(names, { minLength: names.length }), async (order) => {
      const permuted = rows.map((row: Cells) =>
        Object.fromEntries(order.map((name) => [name, row[name]!])),
      );
      expect((await fitTable(permuted)).features).toEqual(features);
    }),
    { numRuns: 20, seed: 3 },
  );
});

test('an absent column is a reason to reject a row', async () => {
  const { features } = await fitTable(table(20, { x: measured }));
  expect(await encode(features, { X: 1 })).toBe("It has no column 'x'.");
  expect(await collect(examplesOf([{ x: 1 }]))).toHaveLength(1);
});

describe('a header that is data', () => {
  test.each<[string, Record<string, (row: number) => string>]>([
    [
      'texts',
      {
        'State-gov': (row) => ['State-gov', 'Private'][row % 2]!,
        Male: (row) => ['Male', 'Female'][row % 2]!,
      },
    ],
    [
      'a number and a text',
      { 39: (row) => String(row * 7), Male: (row) => ['Male', 'Female'][row % 2]! },
    ],
  ])('%s', async (_, columns) => {
    await expect(fitTable(table(20, columns))).rejects.toThrow(
      /looks like data.*is also a value below/,
    );
  });

  test('names by position, and a choice that is marked by its name, are names', async () => {
    const rows = table(20, {
      ...Object.fromEntries(
        [0, 1, 2].map((name) => [name, (row: number) => String((row * (name + 3)) % 7)]),
      ),
      Python: (row) => (row % 2 ? 'Python' : ''),
      Rust: (row) => (row % 3 ? 'Rust' : ''),
    });
    expect((await fitTable(rows)).features.columns).toHaveLength(5);
  });
});

describe('rows of another set', () => {
  const rows = table(40, { x: (row) => String(70 + measured(row)) });

  test.each<[string, (x: number) => number | string, RegExp | undefined]>([
    ['grams instead of kilograms', (x) => x * 1000, /100% of the numbers read of test.*unit/],
    ['shares instead of percent', (x) => x / 100, /far outside the range of labeled\/, 70 to 82.5/],
    ['somewhat larger numbers', (x) => x + 12, undefined],
    ['no numbers', () => '', /100% of the rows read of test\/ have no value/],
  ])('%s', async (_, change, warning) => {
    const { features } = await fitTable(rows);
    if (features.kind !== 'row') throw new Error(features.kind);
    const [labeled, other] = [rowGaps(features), rowGaps(features)];
    for (const row of rows) {
      labeled.add((await encode(features, row)) as number[]);
      other.add((await encode(features, { x: change(Number(row.x)) })) as number[]);
    }
    expect([...describeGaps(features, labeled, other, 'test')]).toEqual(
      warning === undefined ? [] : [expect.stringMatching(warning)],
    );
  });
});
