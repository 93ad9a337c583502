import { describe, expect, test } from 'vitest';
import { type ConfigInput, configSchema } from '../../src/config/schema.ts';
import { methodNames, methodOf } from '../../src/debias/methods.ts';

const base = {
  task: { type: 'tabular-classification', classes: ['a', 'b'], target: 'y' },
  data: { format: 'csv' },
  teacher: { train: { architecture: 'mlp' } },
  student: { architecture: 'mlp' },
  compare: [],
} satisfies ConfigInput;

/** The fields that a config with these changes has problems in. */
function problemsIn(changes: Partial<ConfigInput>): string[] {
  const { error } = configSchema.safeParse({ ...base, ...changes });
  return (error?.issues ?? []).flatMap(({ code, path, message }) => {
    expect(code, message).toBe('custom');
    return path.join('.');
  });
}

/** Expects a problem exactly if the method has what the rule is about. */
function expectRule(isRefused: boolean, field: string, changes: Partial<ConfigInput>): void {
  expect(problemsIn(changes)).toEqual(isRefused ? [field] : []);
}

describe.each(methodNames.map(methodOf))(
  '$name',
  ({ name, labels, needs, options, excludes = [] }) => {
    // The names of the table's rows are those of the schema.
    const method = name as (typeof methodNames)[number];

    test('takes the labels that its row allows', () => {
      expect(problemsIn({ method: { method, labels: 'soft' } })).toEqual([]);
      expectRule(labels === 'soft', 'method.labels', { method: { method, labels: 'hard' } });
    });

    test('takes one fold unless its row needs several, also as a comparison', () => {
      expectRule(needs.includes('folds'), 'folds', { method, folds: 1 });
      expectRule(needs.includes('folds'), 'folds', {
        method: 'uniform',
        compare: [method],
        folds: 1,
      });
    });

    test('takes a teacher without an embedding unless its row needs one', () => {
      const teacher = { onnx: 'teacher.onnx' };
      expectRule(needs.includes('embeddings'), 'teacher.embeddingName', { method, teacher });
      const embedded = { ...teacher, embeddingName: 'embedding' };
      expect(problemsIn({ method, teacher: embedded })).toEqual([]);
    });

    test.each(['mixup', 'labelSmoothing'] as const)(
      'takes %s unless its row excludes it',
      (field) => {
        const student = { architecture: 'mlp', [field]: 0.1 } as const;
        expectRule(excludes.includes(field), `student.${field}`, { method, student });
        expectRule(excludes.includes(field), `student.${field}`, {
          method: 'uniform',
          compare: [method],
          student,
        });
        expect(problemsIn({ method, student: { architecture: 'mlp', [field]: 0 } })).toEqual([]);
        // The teacher learns true labels, whatever the method of the students.
        expect(problemsIn({ method, teacher: { train: student } })).toEqual([]);
      },
    );

    test('takes several labels per example unless it needs one class, also as a comparison', () => {
      const task = { ...base.task, multiLabel: true };
      const isRefused = needs.includes('oneClass');
      expectRule(isRefused, 'method', { task, method });
      expectRule(isRefused, 'compare.0', { task, method: 'uniform', compare: [method] });
      expect(problemsIn({ task: { ...task, multiLabel: false }, method })).toEqual([]);
    });

    test('has a section in the config exactly if its row has options', () => {
      expect(name in configSchema.parse(base)).toBe(options !== undefined);
    });
  },
);

test('a multi-label task has one teacher, trained by cross-entropy', () => {
  const task = { ...base.task, multiLabel: true };
  const method = 'weighted';
  const { train } = base.teacher;
  const trained = (teacher: ConfigInput['teacher']) => problemsIn({ task, method, teacher });
  expect(trained({ train })).toEqual([]);
  expect(trained({ train, loss: 'mse' })).toEqual(['teacher.loss']);
  expect(trained({ train: [train, { ...train, width: 8 }] })).toEqual(['teacher.train']);
});

describe('publish.metric', () => {
  const task = { ...base.task, multiLabel: true };
  const labels = { task, method: 'weighted' } satisfies Partial<ConfigInput>;

  test('is accuracy, and micro F1 with several labels', () => {
    expect(configSchema.parse(base).publish).toEqual({ metric: 'accuracy', minGain: 0 });
    expect(configSchema.parse({ ...base, ...labels }).publish.metric).toBe('microF1');
    const chosen = { ...base, ...labels, publish: { metric: 'accuracy' } } as const;
    expect(configSchema.parse(chosen).publish.metric).toBe('accuracy');
  });

  test('is the first field of the last section, as it was: the name of a run is a digest', () => {
    const { publish, ...rest } = configSchema.parse(base);
    expect(JSON.stringify(configSchema.parse(base))).toBe(
      JSON.stringify({ ...rest, publish: { metric: 'accuracy', minGain: 0 } }),
    );
    expect(publish.minGain).toBe(0);
  });

  test('is not micro F1 with one class per example', () => {
    const publish = { metric: 'microF1' } as const;
    expect(problemsIn({ publish })).toEqual(['publish.metric']);
    expect(problemsIn({ publish, ...labels })).toEqual([]);
  });
});
