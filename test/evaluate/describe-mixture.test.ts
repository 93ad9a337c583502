import { expect, test } from 'vitest';
import { describeTeachers, teachersOf } from '../../src/evaluate/describe-mixture.ts';

const named = [
  { name: 'ngrams', digest: 'b' },
  { name: 'mlp', digest: 'a' },
];
const models = [
  { logLoss: 0.61, right: 162 },
  { logLoss: 0.5, right: 166 },
];
const file = {
  members: ['a', 'b'],
  whole: [0.25, 0.75],
  folds: [[0.2, 0.8]],
  isMixed: true,
  examples: 200,
  models,
  mixture: { logLoss: 0.45, right: 172 },
};

test('teachers are described in the order of the config', () => {
  const teachers = teachersOf(file, named);
  expect(teachers.members[0]).toEqual({
    name: 'ngrams',
    weight: 0.75,
    accuracy: 0.83,
    logLoss: 0.5,
  });
  expect(describeTeachers(teachers)).toBe(
    'On 200 labels, out of fold: ngrams 83.0% right (log-loss 0.500), mlp 81.0% right (log-loss 0.610). The mixture 75% ngrams + 25% mlp labels: 86.0% right (log-loss 0.450).',
  );
});

test('states which teacher labels alone', () => {
  const alone = { ...file, whole: [0, 1], isMixed: false, mixture: models[1]! };
  expect(describeTeachers(teachersOf(alone, named))).toMatch(
    /\. No mixture is clearly better than ngrams, which labels alone\.$/,
  );
});
