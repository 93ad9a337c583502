import { expect, test } from 'vitest';
import { manyLabels, oneClass } from '../../src/debias/decisions.ts';
import { UserError } from '../../src/errors.ts';
import { LabelCheck } from '../../src/stages/plan/check-labels.ts';

test('a set in which no example has a label is refused', () => {
  const labels = new LabelCheck(['cat', 'dog'], manyLabels(2), 0.1);
  labels.add({ id: 'a', label: 'cat' }, 'labeled');
  labels.add({ id: 'b', label: '[]' }, 'test');
  labels.add({ id: 'c', label: '[]' }, 'test');
  expect(() => labels.requireLabels()).toThrow(UserError);
  expect(() => labels.requireLabels()).toThrow(
    'none of the 2 examples of the test set has a label',
  );
  labels.add({ id: 'd', label: 'dog' }, 'test');
  expect(() => labels.requireLabels()).not.toThrow();
  expect(labels.classCounts()).toEqual({ labeled: [1, 0], test: [0, 1] });
});

test('the first class is a label if there is one class per example', () => {
  const labels = new LabelCheck(['cat', 'dog'], oneClass(2), 0.1);
  labels.add({ id: 'a', label: 'cat' }, 'test');
  expect(() => labels.requireLabels()).not.toThrow();
});
