/** The teacher's time per example, for each kind of teacher. */
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TransientError } from '../../src/errors.ts';
import type { Job } from '../../src/run/job.ts';
import { measureTeacherLatency } from '../../src/stages/evaluate/teacher-latency.ts';
import { type Dataset, makeDataset } from '../support/datasets.ts';
import { reconciled } from '../support/staged-run.ts';

const fixtures = join(import.meta.dirname, '../fixtures');
const onEncoder = '{ encoder: encoder, head: linear, epochs: 1 }';
const mlp = '{ architecture: mlp, width: 8, depth: 1, epochs: 1, batchSize: 32 }';

/** Copies a fixture into a dataset. */
function add(made: Dataset, from: string, to: string): Dataset {
  cpSync(join(fixtures, from), join(made.dataset, to), { recursive: true });
  return made;
}

test('teachers on pixels and on an encoder are timed together', async () => {
  const teacher = `{ train: [${mlp}, ${onEncoder}] }`;
  const made = add(makeDataset('images', { teacher }), 'encoders/image', 'encoder');
  const { job } = await reconciled(made);
  expect(await measureTeacherLatency(job)).toEqual({ seconds: expect.any(Number) });
});

test('a user-supplied model is timed; a deleted one gives the reason, and stops nothing', async () => {
  const teacher = '{ onnx: teacher/model.onnx }';
  const made = add(makeDataset('images', { teacher }), 'workflow-teachers/onnx', 'teacher');
  const { job } = await reconciled(made);
  expect(await measureTeacherLatency(job)).toEqual({ seconds: expect.any(Number) });
  // The process keeps the last teacher: this one takes its place.
  await reconciled(makeDataset('csv'));
  rmSync(join(made.dataset, 'teacher'), { recursive: true });
  expect(await measureTeacherLatency(job)).toEqual({
    notTimed: expect.stringContaining('teacher/model.onnx'),
  });
  const data = Object.create(job.data);
  data.head = async () => {
    throw new TransientError('try again');
  };
  await expect(measureTeacherLatency({ ...job, data })).rejects.toThrow('try again');
});

test('stored predictions and teachers in S3 are not timed', async () => {
  const teacher = '{ predictions: teacher }';
  const stored = makeDataset('parquet-images', { teacher });
  add(stored, 'workflow-teachers/predictions', 'teacher');
  expect(await measureTeacherLatency((await reconciled(stored)).job)).toEqual({
    notTimed: 'its answers are stored predictions',
  });

  const { job } = await reconciled(makeDataset('csv'));
  const results: Job['results'] = Object.create(job.results, {
    location: { value: 's3://results' },
  });
  expect(await measureTeacherLatency({ ...job, results })).toEqual({
    notTimed: 'it is timed only in a run on folders',
  });
});
