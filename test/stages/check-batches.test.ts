import { expect, test } from 'vitest';
import type { Example } from '../../src/data/example.ts';
import type { Features } from '../../src/data/features/index.ts';
import { numbersOf } from '../../src/data/features/kind.ts';
import type { Teacher } from '../../src/models/teacher.ts';
import { batchWarning } from '../../src/stages/plan/check-batches.ts';

const features: Features = { kind: 'vector', length: 1 };
const sample = [1, 2, 3, 4].map<Example>((value) => ({
  id: `a.parquet:${value}`,
  label: '0',
  content: { kind: 'vector', values: Float32Array.of(value) },
}));

/** Gives the share of each value: in the batch, or in 10. */
function teacher(total: (values: readonly number[]) => number): Teacher {
  return {
    embeddingSize: undefined,
    batchSize: 16,
    async predict({ rows: inputs }) {
      const values = numbersOf(inputs);
      const whole = total([...values]);
      const rows = [...values].flatMap((value) => [value / whole, 1 - value / whole]);
      return { probabilities: Float32Array.from(rows) };
    },
    dispose() {},
  };
}

test('answers that depend on the batch are noticed', async () => {
  const inBatch = teacher((values) => values.reduce((sum, value) => sum + value));
  expect(await batchWarning(inBatch, features, sample)).toBe(
    "The teacher's answer to an example depends on the others in its batch: to 'a.parquet:1' it gives 1.00 alone, and 0.10 among others. Export it for inference: model.eval() in PyTorch, training=False in Keras.",
  );
});

test('other answers are not', async () => {
  expect(
    await batchWarning(
      teacher(() => 10),
      features,
      sample,
    ),
  ).toBeUndefined();
  expect(
    await batchWarning(
      teacher(() => Number.NaN),
      features,
      sample,
    ),
  ).toBeUndefined();
});
