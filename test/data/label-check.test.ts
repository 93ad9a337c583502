import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decisionLookup } from '../../src/data/classes.ts';
import { labelChecker, unknownLabel } from '../../src/data/label-check.ts';
import { labelOfNames, namesInLabel, withSemicolons } from '../../src/data/label-list.ts';
import { manyLabels, oneClass } from '../../src/debias/decisions.ts';

const one = oneClass(2);

test('names and indices in one run are refused, with an example of each', () => {
  const check = labelChecker(['cat', 'dog'], one);
  expect(check({ id: 'a', label: 'dog' }, 'labeled')).toEqual(Int32Array.of(1));
  expect(() => check({ id: 'b', label: '0' }, 'test')).toThrow(
    "Some labels are names of classes, such as 'dog' ('a' of the labeled set), and some are indices, such as '0' ('b' of the test set).",
  );
});

test.each<[string, string[], RegExp]>([
  ['Cat', ['cat', 'dog'], /differs from 'cat' only in upper and lower case/],
  ['0', ['3', '5'], /because class names are numbers, such as '3'/],
  ['hores', ['horse', 'cow'], /^The nearest class is 'horse'\. Correct the label/],
  ['cow', ['cat', 'dog'], /^Correct the label/],
  ['["cat"]', ['cat', 'dog'], /^If an example can have several classes, set task.multiLabel: true/],
  ['cat; dog', ['cat', 'dog'], /set task.multiLabel: true/],
  ['cat; cow', ['cat', 'dog'], /^Correct the label/],
])('the hint for the label %s of %j names the likely mistake', (label, classes, hint) => {
  expect(unknownLabel({ id: 'x', label }, 'test', classes, one).hint).toMatch(hint);
});

test('an unknown label is named with its example, its set and the classes', () => {
  const error = unknownLabel({ id: 'a.tar/7', label: 'cow' }, 'labeled', ['cat', 'dog'], one);
  expect(error.message).toBe(
    "The example 'a.tar/7' of the labeled set has the label 'cow', which is not a class. The 2 classes: cat, dog.",
  );
  const none = unknownLabel({ id: 'x', label: undefined }, 'test', ['a', 'b'], one);
  expect(none.message).toContain('has no label');
});

describe('a list of labels', () => {
  const classes = ['cat', 'dog', 'owl'];
  const many = manyLabels(3);
  const decided = (label: string, names: readonly string[] = classes) => {
    const found = decisionLookup(names, manyLabels(names.length))(label);
    return found && [...found].join('');
  };

  test.each([
    ['["cat","owl"]', '101'],
    ['[]', '000'],
    [' [ "owl" ] ', '001'],
    ['cat;dog', '110'],
    [' dog ; cat; ', '110'],
    ['owl', '001'],
    ['owl;owl;["x"]', undefined],
    ['["owl","owl"]', '001'],
    ['[0, 2]', '101'],
    ['0;2.0', '101'],
    ['[0, 1, 0]', undefined],
    ['[1.0,0.0,0.0,1.0]', undefined],
    ['0;0;1', undefined],
    ['[true, false, true]', undefined],
    ['[null]', undefined],
    ['[["cat"]]', undefined],
    ['["cat", ""]', undefined],
    [';', undefined],
    ["['cat', 'dog']", undefined],
    ['cat,dog', undefined],
  ])('%j gives the decisions %s', (label, expected) => {
    expect(decided(label)).toBe(expected);
  });

  test.each([
    // Two flags of two classes could also be indices, but not if 0 and 1 are names.
    ['[0, 1]', ['cat', 'dog'], undefined],
    ['[0, 1]', ['0', '1'], '11'],
    ['[0, 1]', ['0', '1', '2'], '110'],
    ['["a;b"]', ['a;b', 'a'], '10'],
    ['[PAD];b', ['[PAD]', 'b'], '11'],
  ])('%j of %j gives %s', (label, names, expected) => {
    expect(decided(label, names)).toBe(expected);
  });

  const names = fc.uniqueArray(fc.stringMatching(/^[a-zé][a-zé ]*$/u), {
    minLength: 2,
    selector: (name) => name.normalize('NFC').trim(),
  });

  test('gives the same decisions in any order, spelling and number of repetitions', () => {
    const forms = fc.constantFrom(
      (list: string[]) => labelOfNames(list),
      (list: string[]) => JSON.stringify(list, undefined, 2),
      (list: string[]) => (list.length > 0 ? list.join(' ;') : '[]'),
      (list: string[]) => withSemicolons(labelOfNames(list)),
    );
    fc.assert(
      fc.property(names, fc.infiniteStream(fc.nat()), forms, (all, numbers, form) => {
        const [size = 0] = numbers.take(1);
        const chosen = [...numbers.take(size % 6)].map((number) => all[number % all.length]!);
        const flags = all.map((name) => (chosen.includes(name) ? 1 : 0)).join('');
        expect(decided(form(chosen), all)).toBe(flags);
        expect(decided(form(chosen.map((name) => ` ${name.normalize('NFD')}`)), all)).toBe(flags);
        expect(decided(form([...chosen, ...chosen].reverse()), all)).toBe(flags);
      }),
      { seed: 21, numRuns: 40 },
    );
  });

  test('is written with semicolons only if it reads back', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (list) => {
        const trimmed = (label: string) => namesInLabel(label)?.map((name) => name.trim());
        expect(trimmed(withSemicolons(labelOfNames(list)))).toEqual(trimmed(labelOfNames(list)));
      }),
      { seed: 21 },
    );
    expect(withSemicolons('["cat","dog"]')).toBe('cat;dog');
    expect(withSemicolons('[]')).toBe('[]');
    expect(withSemicolons('["a;b"]')).toBe('["a;b"]');
  });

  test.each([
    ['cow', "the label 'cow', which", /^Correct the label/],
    ['["cat","hors"]', `the label 'hors' in '["cat","hors"]', which is not`, /^Correct/],
    ['dgo;cat', "the label 'dgo' in 'dgo;cat', which is not a class", /nearest class is 'dog'/],
    ['cat,dog', "the label 'cat,dog', which", /separated by semicolons, not by ','/],
    ['cat | dog', "the label 'cat | dog', which", /separated by semicolons, not by '\|'/],
    [
      "['cat', 'dog']",
      'which is not a class',
      /^A list is JSON, with double quotes, as json.dumps/,
    ],
    [
      '[1,0,1]',
      'which looks like a 0 or 1 per class',
      /^Write the names of the classes that are 1/,
    ],
    ['[true,false,true]', 'which looks like a 0 or 1 per class', /^Write the names/],
    ['[null]', 'which is not a list of class names', /^Expected \["a", "b"\], or a;b, or \[\]/],
    ['[1e99]', 'which is not a list of class names', /^Expected/],
  ])('%j is refused', (label, message, hint) => {
    const error = unknownLabel({ id: 'x', label }, 'test', classes, many);
    expect(error.message).toContain(message);
    expect(error.hint).toMatch(hint);
  });

  test('may not mix names and indices, within a list or between lists', () => {
    const check = () => labelChecker(classes, many);
    expect(() => check()({ id: 'a', label: 'cat;1' }, 'labeled')).toThrow(
      "Some labels are names of classes, such as 'cat;1'",
    );
    const checked = check();
    expect(checked({ id: 'a', label: '[2]' }, 'labeled')).toEqual(Int32Array.of(0, 0, 1));
    expect(checked({ id: 'b', label: '[]' }, 'labeled')).toEqual(Int32Array.of(0, 0, 0));
    expect(() => checked({ id: 'c', label: 'owl' }, 'test')).toThrow(
      "Some labels are names of classes, such as 'owl' ('c' of the test set), and some are indices, such as '[2]'",
    );
  });
});
