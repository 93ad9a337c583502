import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { classLookup } from '../../src/data/classes.ts';
import { missingLabels, normalizeLabel, numberSpelling } from '../../src/data/labels.ts';
import { LabelSurvey } from '../../src/init/survey-labels.ts';
import { readerConfig } from '../support/reader-config.ts';

test.each([
  ['2', '2'],
  ['2.0', '2'],
  ['2.', '2'],
  ['+2', '2'],
  ['002', '2'],
  ['2.000000000000000000e+00', '2'],
  ['2e+0', '2'],
  ['-0', '0'],
  ['-0.50', '-0.5'],
  ['.5', '0.5'],
  ['12345678901234567890', '12345678901234567890'],
  ['1e3', undefined],
  ['0x1F', undefined],
  ['', undefined],
  ['.', undefined],
  ['1,5', undefined],
  ['1.2.3', undefined],
  ['NaN', undefined],
  ['Infinity', undefined],
])('the shortest spelling of %j is %j', (text, spelling) => {
  expect(numberSpelling(text)).toBe(spelling);
});

/** Spellings of a whole number in files of other programs. */
const spellings: ((number: number) => string)[] = [
  (number) => String(number),
  (number) => `${number}.0`,
  (number) => `${number}.`,
  (number) => `${number}.000000`,
  (number) => `+${number}`,
  (number) => ` ${number}`,
  (number) => `${number} `,
  (number) => `\u00a0${number}\t`,
  (number) => `0${number}`,
  (number) => String(number).padStart(5, '0'),
  (number) => number.toExponential(18).replace(/e\+(\d)$/, 'e+0$1'),
  (number) => `\ufeff${number}.00`,
];

describe('any spelling of a label', () => {
  const spelled = fc.constantFrom(...spellings);

  test('of a number is the same class', () => {
    const numbers = fc.uniqueArray(fc.nat(5_000), { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(numbers, spelled, spelled, (classes, ofClass, ofLabel) => {
        const classOf = classLookup(classes.map((number) => normalizeLabel(ofClass(number))));
        expect(classes.map((number) => classOf(ofLabel(number)))).toEqual([...classes.keys()]);
      }),
      { seed: 20 },
    );
  });

  test('makes the same classes in init, in the order of the numbers', () => {
    const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 5_000 }), { minLength: 2 });
    fc.assert(
      fc.property(numbers, fc.array(spelled, { minLength: 1 }), (found, ways) => {
        const survey = new LabelSurvey();
        found.forEach((number, index) => {
          survey.add(ways[index % ways.length]!(number), 'label');
          survey.add(String(number), 'label');
        });
        const ascending = [...found].sort((a, b) => a - b).map(String);
        expect(survey.classes([], [])).toEqual(ascending);
      }),
      { seed: 20 },
    );
  });

  test('of a name is the same class', () => {
    const names = fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1 }), {
      minLength: 2,
      selector: (name) => normalizeLabel(name),
    });
    const forms = fc.constantFrom('NFC', 'NFD');
    fc.assert(
      fc.property(names, forms, forms, (found, ofClass, ofLabel) => {
        const classes = found
          .map(normalizeLabel)
          .filter((name) => numberSpelling(name) === undefined);
        const classOf = classLookup(classes.map((name) => name.normalize(ofClass)));
        const labels = classes.map((name) => ` ${name.normalize(ofLabel)}\n`);
        expect(labels.map(classOf)).toEqual([...classes.keys()]);
      }),
      { seed: 20 },
    );
  });
});

describe('no label', () => {
  const missing = { missing: ['', '?', 'NA'] };

  test.each([
    [undefined, 'It has no label.'],
    [' ', 'It has no label.'],
    ['-1', 'Its label is -1, which means "no label" unless task.classes has it.'],
    ['-1.0', 'Its label is -1.0, which means "no label" unless task.classes has it.'],
    ['NA', "Its label is 'NA', which is in data.missing and not in task.classes."],
    ['nan', "Its label is 'nan', as programs write a missing value, and not in task.classes."],
    ['none', undefined],
    ['yes', undefined],
    ['0', undefined],
  ])('%j: %j', (label, reason) => {
    const config = readerConfig('row', { format: 'csv', ...missing });
    expect(missingLabels(config)(label)).toBe(reason);
  });

  test('is not what the config lists as a class', () => {
    const config = readerConfig(
      'row',
      { format: 'csv', ...missing },
      { classes: [-1, 'NA', 'NaN'] },
    );
    const labels = ['-1', '-1.0', 'NA', 'NaN', '?', 'nan'].map(missingLabels(config));
    expect(labels.map((reason) => reason === undefined)).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});

describe('init', () => {
  function classesOf(labels: (string | undefined)[], missing = ['', '?', 'NA']) {
    const survey = new LabelSurvey();
    for (const label of labels) survey.add(label, 'label');
    const notes: string[] = [];
    const classes = survey.classes(missing, notes);
    return { classes, notes: notes.join('\n'), examples: survey.examples };
  }

  test.each([
    [['10.0', '2.0', '0.0', '1.0'], '0 1 2 10'],
    [['3', '8', '5'], '3 5 8'],
    [['0', '3', '1'], '0 1 2 3'],
    [['1', '2', '3'], '1 2 3'],
    [['01', '10', '02'], '01 02 10'],
    [['b', 'a', '10', '9'], '10 9 a b'],
    [['1.5', '-2', '0.25'], '-2 0.25 1.5'],
  ])('makes of %j the classes %s', (labels, classes) => {
    expect(classesOf(labels).classes.join(' ')).toBe(classes);
  });

  test('keeps codes with zeros in front', () => {
    expect(classesOf(['007', '010']).classes).toEqual(['007', '010']);
  });

  test('notes what it merges, and what differs only in case', () => {
    const { notes } = classesOf(['7', '007', 'Cat', 'cat']);
    expect(notes).toContain('The labels 7 and 007 count as one class.');
    expect(notes).toContain('The labels Cat and cat differ only in upper and lower case');
  });

  test.each([
    ['big cat', 'big  cat'],
    ['cat', 'cat\u200b'],
    ['cat', 'c\u00adat'],
    ['cat', 'ｃａｔ'],
  ])('notes that %j and %j look alike', (first, second) => {
    const { classes, notes } = classesOf([first, second, 'dog']);
    expect(classes).toHaveLength(3);
    expect(notes).toContain('differ only in case, spaces, width or invisible characters');
  });

  test('leaves out labels that mean none, with their number', () => {
    const { classes, notes, examples } = classesOf(['DE', 'FR', 'NA', 'NA', '-1', '', 'nan']);
    expect(classes).toEqual(['DE', 'FR']);
    expect(examples).toBe(2);
    expect(notes).toContain(
      '2 labeled examples have the label NA, which is in data.missing. If NA is a class, add it to task.classes.',
    );
    expect(notes).toContain('1 labeled example has the label -1, which means "no label".');
    expect(notes).toContain(
      '1 labeled example has the label nan, which programs write for a missing value. If nan is a class, add it to task.classes.',
    );
    expect(notes).toContain('1 labeled example without a label.');
  });

  test('keeps labels that may mean none, with a note', () => {
    const { classes, notes } = classesOf(['DE', 'FR', 'None', 'n/a', '-', 'nana']);
    expect(classes).toEqual(['-', 'DE', 'FR', 'None', 'n/a', 'nana']);
    const marks = ['None', 'n/a', '-'];
    const note = (name: string) =>
      `${name} is a class. If it means a missing label, add it to data.missing.`;
    expect(notes).toBe(marks.map(note).join('\n'));
  });

  test.each([
    [['DE', 'NA'], 'NA'],
    [['1', '-1'], '-1'],
  ])('takes %j for classes', (labels, unclear) => {
    const { classes, notes } = classesOf(labels);
    expect(classes).toHaveLength(2);
    expect(notes).toContain(`so ${unclear} counts as a class`);
  });

  describe('of lists', () => {
    function survey(labels: string[], isMultiLabel?: boolean) {
      const all = new LabelSurvey(isMultiLabel);
      for (const label of labels) all.add(label, 'tags');
      const notes: string[] = [];
      const classes = all.classes([''], notes);
      const { isMultiLabel: several, examples, uses } = all;
      return { classes: classes.join(' '), several, examples, uses, notes: notes.join('\n') };
    }

    test.each([
      [['["b","a"]', '[]', '["a", "a"]'], 'a b', 3, 3],
      [['b;a', 'b', '["c"]', 'c ; a'], 'a b c', 4, 6],
      [['[2, 0]', '[10]'], '0 2 10', 2, 3],
    ])('counts the names of %j', (labels, classes, examples, uses) => {
      const found = { classes, examples, uses, several: true, notes: '' };
      expect(survey(labels)).toEqual(found);
      expect(survey([...labels].reverse())).toEqual(found);
    });

    test('takes semicolons for lists only on request, and notes them otherwise', () => {
      expect(survey(['b;a', 'c'], true)).toMatchObject({ classes: 'a b c', several: true });
      const single = survey(['b|a', 'c']);
      expect(single).toMatchObject({ classes: 'b|a c', several: false, examples: 2 });
      expect(single.notes).toContain('Labels such as b|a may be lists of classes. If they are,');
    });

    test.each(["['a', 'b']", "[ 'a' 'b']", '[["a"]]', '[null]'])('refuses %s', (label) => {
      expect(() => survey(['["a"]', label])).toThrow(
        `The labels in "tags" look like lists, but ${label} is not a list of names in JSON.`,
      );
    });

    test('does not take a name in brackets for a list', () => {
      expect(survey(['[PAD]', 'a'])).toMatchObject({ classes: '[PAD] a', several: false });
    });
  });
});
