import { expect, test } from 'vitest';
import { configSchema } from '../../src/config/schema.ts';
import { configFields } from '../../src/evaluate/config-fields.ts';

test('lists every field of a config, and which values are defaults', () => {
  const config = configSchema.parse({
    task: { type: 'tabular-classification', classes: ['a', 'b'] },
    data: { format: 'csv' },
    teacher: { train: { architecture: 'mlp' } },
    student: { architecture: 'mlp', epochs: 7 },
    seed: 1,
    compare: [],
  });
  const settings = new Map(configFields(config).map(({ path, ...setting }) => [path, setting]));
  expect(settings.get('task.classes')).toEqual({ value: '["a","b"]', isDefault: false });
  expect(settings.get('student.epochs')).toEqual({ value: '7', isDefault: false });
  expect(settings.get('compare')).toEqual({ value: '[]', isDefault: false });
  expect(settings.get('folds')).toEqual({ value: '5', isDefault: true });
  expect(settings.get('limits.budgetUsd')).toEqual({ value: '20', isDefault: true });
  // The same value as the default, although the user may have written it.
  expect(settings.get('seed')).toEqual({ value: '1', isDefault: true });
});
