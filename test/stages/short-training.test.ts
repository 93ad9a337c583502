import { expect, test } from 'vitest';
import { type ConfigInput, configSchema } from '../../src/config/schema.ts';
import { shortTrainings } from '../../src/stages/plan/short-training.ts';

function warningsFor(train: ConfigInput['teacher']['train'], labels: number, folds = 5): string[] {
  const task = { type: 'text-classification', text: 'text', classes: ['ham', 'spam'] } as const;
  const student = { architecture: 'ngrams' } as const;
  const data = { format: 'csv' } as const;
  return shortTrainings(
    configSchema.parse({
      task,
      data,
      student,
      folds,
      method: 'uniform',
      compare: [],
      teacher: { train },
    }),
    labels,
  );
}

test('a config that makes a teacher take too few steps is reported', () => {
  expect(warningsFor({ architecture: 'ngrams', epochs: 30 }, 20)).toEqual([
    'teacher.train takes 30 steps on 16 labels, in which a network hardly learns. Leave out teacher.train.epochs: the default is enough.',
  ]);
  expect(warningsFor({ architecture: 'ngrams' }, 20)).toEqual([]);
});

test('the labels of a fold are not counted, since its teacher does not learn them', () => {
  const train = { architecture: 'ngrams', epochs: 25, batchSize: 32 } as const;
  expect(warningsFor(train, 127, 1)).toEqual([]);
  expect(warningsFor(train, 127)).toHaveLength(0);
  expect(warningsFor(train, 120)).toHaveLength(1);
  expect(warningsFor(train, 120, 1)).toHaveLength(0);
});

test('each teacher of a list is counted; a linear head is trained until it converges', () => {
  const head = { encoder: 'encoder', head: 'linear' } as const;
  const warnings = warningsFor([head, { architecture: 'ngrams', epochs: 30 }], 20);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(/^teacher\.train\[1\] takes 30 steps /);
});
