import { expect, test } from 'vitest';
import { oneClass } from '../../src/debias/decisions.ts';
import type { Teacher } from '../../src/models/teacher.ts';
import { cut } from '../../src/stages/plan/check-teacher.ts';
import { answerSample } from '../../src/stages/plan/sample-answers.ts';
import { textExamples } from '../models/encoders/fixtures.ts';

test('texts that a teacher cuts are counted over all batches', async () => {
  const teacher: Teacher = {
    ...{ embeddingSize: undefined, batchSize: 2, dispose: () => {} },
    predict: async ({ ids }) => ({
      probabilities: new Float32Array(2 * ids.length).fill(0.5),
      truncated: ids.length,
    }),
  };
  const features = { kind: 'text', maxCharacters: 100 } as const;
  const answers = await answerSample(
    teacher,
    features,
    textExamples(['a', 'b', '', 'd']),
    oneClass(2),
  );
  expect(answers.truncated).toBe(3);
  expect(cut(answers)).toMatch(/^The teacher reads only the start of 3 of 3 labeled examples/);
  expect(cut({ ...answers, truncated: 0 })).toBeUndefined();
});
