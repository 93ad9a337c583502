import { expect, test } from 'vitest';
import { checkProblemType } from '../../../src/models/teachers/label-names.ts';

const single = { problem_type: 'single_label_classification' };
const multi = { problem_type: 'multi_label_classification' };
const scores = { classes: 2, output: 'logits' } as const;

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
