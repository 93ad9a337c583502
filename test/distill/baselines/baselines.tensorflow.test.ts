import { describe, expect, test } from 'vitest';
import { featureShape } from '../../../src/data/features/index.ts';
import type { Baseline } from '../../../src/distill/baselines/baseline.ts';
import { readBaseline, trainBaseline } from '../../../src/distill/baselines/index.ts';
import { inputsOf } from '../../../src/distill/label-rows.ts';
import { StoreError, UserError } from '../../../src/errors.ts';
import { readModelFiles } from '../../../src/models/model-files.ts';
import { loadModel } from '../../../src/models/student.ts';
import { keys } from '../../../src/run/keys.ts';
import { trainVariant } from '../../../src/stages/train.ts';
import { tf } from '../../../src/tensorflow.ts';
import { type Format, makeDataset } from '../../support/datasets.ts';
import { context, reconciled, runWithStops } from '../../support/staged-run.ts';

/** A run up to Reconcile, which is all that baselines need. */
async function runUpToLabels(format: Format) {
  const { event, job } = await reconciled(makeDataset(format, { compare: '[]' }));
  return {
    job,
    train: (variant: string, stopped = context) => trainVariant({ ...event, variant }, stopped),
    files: (variant: string) => readModelFiles(job.results, keys.student(job.run, variant)),
  };
}

describe.each<Format>(['csv', 'parquet-vectors'])(
  'the models of the labels alone: %s',
  (format) => {
    test('are saved as students are, and classify the labels', async () => {
      const { job, train, files } = await runUpToLabels(format);
      const length = featureShape(job.plan.features)[0]!;
      for (const { name } of job.plan.baselines) {
        expect(await train(name)).toBe(keys.student(job.run, name));
        const student = await loadModel(await files(name));
        const probabilities = student.predict({ n: 2, values: new Float32Array(2 * length) });
        expect(probabilities).toHaveLength(2 * job.plan.classes.length);
        expect(student.description.features).toEqual(job.plan.features);
        student.dispose();
      }
      const { description } = await readBaseline(job, 'logistic');
      expect(description).toMatch(
        /^Logistic regression, trained on \d+ labels alone, with C = [\d.e-]+, chosen by 5-fold/,
      );
    });

    test('are not trained twice, and free their tensors', async () => {
      const { train, files } = await runUpToLabels(format);
      await train('logistic');
      const { numTensors } = tf.memory();
      const bytes = (await files('logistic')).get('weights.bin');
      await train('logistic');
      expect((await files('logistic')).get('weights.bin')).toEqual(bytes);
      expect(tf.memory().numTensors).toBe(numTensors);
    });
  },
);

test('a baseline that was stopped is completed by later calls', async () => {
  const { job, train } = await runUpToLabels('csv');
  expect(await runWithStops((stopped) => train('labels-only', stopped), 300)).toBeGreaterThan(0);
  const { description, leftOut } = await readBaseline(job, 'labels-only');
  expect(description).toMatch(/^The student's architecture, trained on \d+ labels alone for/);
  expect(leftOut).toBeUndefined();
});

test('a baseline that cannot learn has the reason, and a denied request no record', async () => {
  const { job } = await runUpToLabels('csv');
  const failing = (error: Error): Baseline => ({
    ...{ name: 'failing', description: '', followsTrainer: false },
    load: async () => ({ learn: () => Promise.reject(error) }),
  });
  const denied = new StoreError('S3 does not allow to read s3://bucket/labels');
  await expect(trainBaseline(job, failing(denied), context)).rejects.toBe(denied);
  await trainBaseline(job, failing(new UserError('there is one class')), context);
  expect(await readBaseline(job, 'failing')).toEqual({
    description: '',
    leftOut: 'there is one class',
  });
});

describe('the inputs of logistic regression', () => {
  test.each([
    [[28, 28, 1], 10, { pool: 1, length: 784 }],
    [[32, 32, 3], 10, { pool: 1, length: 3072 }],
    [[64, 64, 3], 10, { pool: 2, length: 3072 }],
    [[224, 224, 3], 10, { pool: 7, length: 3072 }],
    [[32, 32, 3], 1000, { pool: 2, length: 768 }],
    [[50, 30, 1], 5000, { pool: 3, length: 170 }],
    [[60_000], 100, { pool: 1, length: 60_000 }],
  ])('of %j and %d classes', (shape, classes, expected) => {
    expect(inputsOf(shape, classes)).toMatchObject(expected);
  });

  test('are refused if there would be too many weights', () => {
    expect(() => inputsOf([60_000], 1000)).toThrow(
      '60,000 features and 1,000 classes make 60,000,000 weights, more than 8,388,608',
    );
  });
});
