import { expect, test } from 'vitest';
import { checkProblemType, columnOrder } from '../../../src/models/teachers/label-names.ts';

const single = { problem_type: 'single_label_classification' };
const multi = { problem_type: 'multi_label_classification' };
const scores = { classes: 2, output: 'logits' } as const;

test.each([
  ['names', { 0: 'no', 1: 'yes' }, ['yes', 'no'], [1, 0]],
  ['names in another case', { 0: 'NO', 1: 'YES' }, ['yes', 'no'], [1, 0]],
  ['names that differ in case only', { 0: 'a', 1: 'A' }, ['A', 'a'], [1, 0]],
  ['more than ten, in the order of numbers', { 10: 'k', 2: 'c' }, ['k', 'c'], [1, 0]],
  ['numbers', { 0: 1, 1: 0 }, ['0', '1'], [1, 0]],
  ['truth values', { 0: true, 1: false }, ['False', 'True'], [1, 0]],
  ['default names', { 0: 'LABEL_0', 1: 'LABEL_1' }, ['yes', 'no'], [0, 1]],
  ['default names of the task', { 0: 'LABEL_0', 1: 'LABEL_1' }, ['LABEL_1', 'LABEL_0'], [1, 0]],
  ['no names', undefined, ['yes', 'no'], [0, 1]],
])('the order of the columns: %s', (_, id2label, classes, order) => {
  expect(columnOrder({ id2label }, classes, 'the model')).toEqual(order);
});

test('other numbers than the classes are refused', () => {
  const config = { id2label: { 0: 3, 1: 4 } };
  expect(() => columnOrder(config, ['0', '1'], 'the model')).toThrow('has the classes 3, 4');
});

test.each([
  ['a classifier of one class in a multi-label task', single, { ...scores, multiLabel: true }],
  ['a classifier of labels in a task of one class', multi, scores],
])('%s is refused', (_, config, wanted) => {
  expect(() => checkProblemType(config, wanted, 'the model')).toThrow('(problem_type in its');
});

test.each([
  ['the same problem', single, scores],
  ['the same problem, of labels', multi, { ...scores, multiLabel: true }],
  ['a sigmoid per class, which the config states', multi, { ...scores, output: 'sigmoid' }],
  ['no config.json', undefined, { ...scores, multiLabel: true }],
  ['a config.json that does not say', { problem_type: null }, scores],
] as const)('%s is accepted', (_, config, wanted) => {
  expect(() => checkProblemType(config, wanted, 'the model')).not.toThrow();
});
