import { cpSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readLabels } from '../../src/data/tables/labels-file.ts';
import { joinedShard, teacherLabels } from '../../src/distill/sets.ts';
import { createReliabilityMeter, rawTeacher } from '../../src/evaluate/reliability.ts';
import { calibrationFileSchema } from '../../src/run/calibration-file.ts';
import { openJob, shardItems } from '../../src/run/job.ts';
import { keys } from '../../src/run/keys.ts';
import { planDecisions } from '../../src/run/plan-file.ts';
import { calibrateTeacher } from '../../src/stages/calibrate.ts';
import { labelShard } from '../../src/stages/label.ts';
import { planRun } from '../../src/stages/plan.ts';
import { startRun } from '../../src/stages/start.ts';
import { trainTeacher } from '../../src/stages/train-teacher.ts';
import { readJson } from '../../src/store/once.ts';
import { type Dataset, formats, makeDataset, writeConfig } from '../support/datasets.ts';
import { collect } from '../support/examples.ts';
import { context, finished, reconciled } from '../support/staged-run.ts';

/** A run up to the stage, and its calibration. */
async function calibrated({ dataset, results }: Dataset) {
  const started = await startRun(dataset, results);
  const event = { ...started, execution: started.run };
  const { trainTeacher: isOurs } = await planRun(event, context);
  if (isOurs) await trainTeacher(event, context);
  const job = await openJob(event);
  const { digest, labels } = job.plan.teacher;
  const read = () => readJson(job.results, keys.calibration(digest, labels), calibrationFileSchema);
  return { event, job, read };
}

/** The dataset with a model of the user's as teacher. */
function supplied(more: Record<string, string> = {}): Dataset {
  const made = makeDataset('parquet-images', { teacher: '{ predictions: teacher }', ...more });
  const fixture = new URL('../fixtures/workflow-teachers/predictions', import.meta.url);
  cpSync(fileURLToPath(fixture), join(made.dataset, 'teacher'), { recursive: true });
  return made;
}

test('a teacher of our own is calibrated on all labels, one fit per fold', async () => {
  const { event, job, read } = await calibrated(makeDataset('csv', { folds: '3' }));
  await calibrateTeacher(event, context);
  const { labeled, validation } = job.plan.estimate.sets;
  const { examples, folds, whole, logLoss } = await read();
  expect(examples).toBe(labeled.examples + validation.examples);
  expect(folds).toHaveLength(3);
  expect(whole.bias).toHaveLength(job.plan.classes.length);
  expect(logLoss.after).toBeLessThanOrEqual(logLoss.before);
});

test('the result is the same if the stage is stopped and called again', async () => {
  const options = supplied();
  const { event, read } = await calibrated(options);
  await calibrateTeacher(event, context);
  const undisturbed = await read();
  const again = await calibrated(supplied());
  const stopped = { ...context, signal: AbortSignal.abort() };
  await expect(calibrateTeacher(again.event, stopped)).rejects.toMatchObject({
    name: 'InterruptedError',
  });
  await calibrateTeacher(again.event, context);
  expect(await again.read()).toEqual(undisturbed);
});

test('labels are of the calibrated teacher, and raw answers stay for the next calibration', async () => {
  const options = supplied();
  const { event, job } = await calibrated(options);
  await calibrateTeacher(event, context);
  const { digest, labels } = job.plan.teacher;
  expect(labels).not.toBe(digest);
  for (const shard of await shardItems(job)) await labelShard({ ...event, shard }, context);
  const filesOf = (name: string) => readdirSync(join(options.results, 'labels', name)).sort();
  expect(filesOf(labels)).toEqual(filesOf(digest));

  // Other labels in validation/ give another calibration of the same answers.
  const folder = (set: string) => join(options.dataset, set);
  renameSync(folder('validation'), folder('former'));
  renameSync(folder('test'), folder('validation'));
  renameSync(folder('former'), folder('test'));
  const second = await calibrated(options);
  await calibrateTeacher(second.event, context);
  expect(second.job.plan.teacher.digest).toBe(digest);
  expect(second.job.plan.teacher.labels).not.toBe(labels);
  const [shard] = await shardItems(second.job, 'unlabeled');
  const before = readFileSync(join(options.results, keys.labels(digest, shard!.id)));
  expect(await labelShard({ ...second.event, shard: shard! }, context)).toBe(1);
  expect(readFileSync(join(options.results, keys.labels(digest, shard!.id)))).toEqual(before);

  // So does another order of the classes, with which the labels have other numbers.
  writeConfig(options.dataset, {
    ...formats['parquet-images'],
    teacher: '{ predictions: teacher }',
    task: formats['parquet-images'].task.replace("'0', '1'", "'1', '0'"),
  });
  const { teacher } = (await calibrated(options)).job.plan;
  expect(teacher.digest).toBe(digest);
  expect(teacher.labels).not.toBe(second.job.plan.teacher.labels);
});

test('the report shows the teacher before and after calibration', async () => {
  const { job, reliability, calibration } = await finished(supplied());
  expect(calibration?.penalty).toBeDefined();
  const { classes } = job.plan;
  const raw = createReliabilityMeter([rawTeacher], planDecisions(job.plan));
  const { digest } = job.plan.teacher;
  for (const item of await shardItems(job, 'test')) {
    const rows = readLabels(job.results, keys.labels(digest, item.id));
    for await (const { example, row } of joinedShard(job, item, rows)) {
      raw.add([classes.indexOf(String(example.label))], [row.probabilities]);
    }
  }
  expect(reliability).toMatchObject(raw.result());
  expect(reliability).toHaveProperty('teacher');
  expect(reliability![rawTeacher]).not.toEqual(reliability!.teacher);
});

test('the report shows one curve of a teacher without calibration', async () => {
  const answers = supplied({ teacher: '{ predictions: teacher, calibrate: false }' });
  const { reliability } = await finished(answers);
  expect(Object.keys(reliability!)).toEqual(['teacher', expect.any(String)]);
});

test('without calibration there is no file, and the labels have the key of the teacher', async () => {
  const { job } = await reconciled(
    supplied({ teacher: '{ predictions: teacher, calibrate: false }' }),
  );
  const { digest, labels } = job.plan.teacher;
  expect(labels).toBe(digest);
  expect(await job.results.head(keys.calibration(digest, labels))).toBeUndefined();
  const [shard] = await shardItems(job, 'unlabeled');
  const rows = await collect(readLabels(job.results, teacherLabels(job)(shard!.id)));
  expect(rows.length).toBeGreaterThan(0);
});
