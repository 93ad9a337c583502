import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkObject } from '../../src/distill/verify/check-object.ts';
import type { RunMetrics } from '../../src/evaluate/run-metrics.ts';
import { currentSchema, readCurrent } from '../../src/run/current-file.ts';
import { keys } from '../../src/run/keys.ts';
import { publicationSchema, publishStudent } from '../../src/stages/publish.ts';
import { readBytes, readJson } from '../../src/store/once.ts';
import { sealJson, toJson } from '../../src/store/seal.ts';
import { plannedRun } from '../support/planned-run.ts';
import { putJson } from '../support/put.ts';
import { sampleMetrics } from '../support/sample-metrics.ts';

type Model = RunMetrics['metrics']['models'][string];

const certain = (value: number) => ({ value, low: value, high: value });
const model = (accuracy: number, logLoss: number, macroRecall = accuracy): Model => ({
  accuracy: certain(accuracy),
  macroRecall: certain(macroRecall),
  macroF1: certain(macroRecall),
  logLoss: certain(logLoss),
  calibrationError: certain(0.1),
  recall: [certain(accuracy)],
});

interface Setting {
  readonly models: Record<string, Model>;
  /** Why the student in use was not measured. */
  readonly problem?: string;
  /** Run of the student in use; undefined: there is none. */
  readonly inUse?: string;
  /** Run of the student in use when the run was evaluated. Default: the same. */
  readonly measured?: string | undefined;
  readonly publish?: string;
}

/** A run after Evaluate, with these models measured. */
async function evaluatedRun({ models, inUse, publish: gate, problem, ...more }: Setting) {
  const wasInUse = 'measured' in more ? more.measured : inUse;
  const { event, job } = await plannedRun(gate ? { publish: gate } : {});
  const { metrics } = sampleMetrics();
  const measured = sampleMetrics({
    metrics: { ...metrics, models },
    ...(wasInUse !== undefined && { currentStudent: keys.student(wasInUse, 'weighted') }),
    ...(problem !== undefined && { currentProblem: problem }),
  });
  await putJson(job.results, keys.metrics(job.run), measured);
  const pointer = keys.current(job.plan.dataset);
  if (inUse) {
    const current = { run: inUse, variant: 'weighted', student: keys.student(inUse, 'weighted') };
    await putJson(job.results, pointer, current);
  }
  const current = async () => (await readJson(job.results, pointer, currentSchema)).run;
  return { event, job, current };
}

const better = { weighted: model(0.9, 0.3), current: model(0.8, 0.4) };
const worse = { weighted: model(0.8, 0.4), current: model(0.9, 0.3) };

const fairer = { weighted: model(0.8, 0.4, 0.7), current: model(0.9, 0.3, 0.5) };

test('a pointer of version 0.1.0 has no checksum, and is read only if its student has none', async () => {
  const { job } = await evaluatedRun({ models: better });
  const { results, plan } = job;
  const pointer = keys.current(plan.dataset);
  const student = keys.student('earlier', 'weighted');
  const current = { run: 'earlier', variant: 'weighted', student };
  await results.write(pointer, toJson(current));
  const read = () => readCurrent(results, pointer);
  await expect(read()).rejects.toThrow('has no checksum');
  const features = { kind: 'text', maxCharacters: 10 };
  const description = { classes: ['a', 'b'], features, createdBy: 'counterweight 0.1.0' };
  await results.write(`${student}student.json`, toJson(description));
  expect(await read()).toEqual(current);
  const check = async () => checkObject(results, (await results.head(pointer))!);
  expect(await check()).toBe('noChecksum');
  await results.write(pointer, toJson({ ...current, student: 'runs/other/students/weighted/' }));
  await expect(read()).rejects.toThrow('has no checksum');
  await results.write(pointer, toJson(current));
  await results.write(`${student}student.json`, sealJson({ ...description, files: {} }));
  await expect(read()).rejects.toThrow('has no checksum');
  expect(await check()).toEqual({ how: expect.stringMatching(/^has no checksum/) });
});

test.each([
  ['better', better, true],
  ['worse', worse, false],
])('a student is compared with one of version 0.1.0: %s', async (_, models, published) => {
  const { event, job } = await evaluatedRun({ models, inUse: 'earlier' });
  const pointer = keys.current(job.plan.dataset);
  const { checksum: _checksum, ...current } = JSON.parse(
    Buffer.from(await readBytes(job.results, pointer)).toString(),
  );
  await job.results.write(pointer, toJson(current));
  expect((await publishStudent(event)).published).toBe(published);
});

test('the first student of a dataset comes into use', async () => {
  const { event, job, current } = await evaluatedRun({ models: { weighted: model(0.5, 1) } });
  const publication = await publishStudent(event);
  expect(publication).toEqual({ published: true, reason: 'the first student of this dataset' });
  expect(await current()).toBe(job.run);
  const key = keys.publication(job.run);
  expect(await readJson(job.results, key, publicationSchema)).toEqual(publication);
});

test.each([
  ['a higher accuracy', '{ metric: accuracy }', better, true],
  ['a lower accuracy', '{ metric: accuracy }', worse, false],
  ['a lower loss', '{ metric: logLoss }', better, true],
  ['a higher loss', '{ metric: logLoss }', worse, false],
  ['a higher macro recall', '{ metric: macroRecall }', fairer, true],
  ['no more than the gain that is wanted', '{ metric: accuracy, minGain: 0.2 }', better, false],
])('%s decides', async (_, gate, models, published) => {
  const { event, job, current } = await evaluatedRun({ models, inUse: 'earlier', publish: gate });
  const publication = await publishStudent(event);
  expect(publication.published).toBe(published);
  expect(publication.reason).toMatch(
    /in use: (accuracy|macroRecall|logLoss) 0\.\d{4}, and 0\.\d{4} for the/,
  );
  expect(await current()).toBe(published ? job.run : 'earlier');
});

test.each([undefined, 'earliest'])(
  'a student that came into use after the run was evaluated, beside %s, stays',
  async (measured) => {
    const setting = { models: better, inUse: 'later', measured };
    const { event, current } = await evaluatedRun(setting);
    expect(await publishStudent(event)).toEqual({
      published: false,
      reason: 'the student in use, of run later, came into use after this run was evaluated',
    });
    expect(await current()).toBe('later');
  },
);

test('a student in use that was not measured is replaced', async () => {
  const { event, job, current } = await evaluatedRun({
    models: { weighted: model(0.5, 1) },
    inUse: 'earlier',
  });
  expect(await publishStudent(event)).toMatchObject({
    published: true,
    reason: expect.stringContaining('does not fit'),
  });
  expect(await current()).toBe(job.run);
});

test('a student in use that cannot read the data is replaced, with the reason', async () => {
  const problem = "its column 'age' is 'n/a'";
  const { event, job, current } = await evaluatedRun({
    ...{ models: { weighted: model(0.5, 1) }, inUse: 'earlier', problem },
  });
  expect(await publishStudent(event)).toEqual({
    published: true,
    reason: `the student in use does not fit this dataset any more: ${problem}`,
  });
  expect(await current()).toBe(job.run);
});

test.each(['{"run":', '{"run": 1}', ''])('a damaged pointer, %j, is replaced', async (text) => {
  const { event, job, current } = await evaluatedRun({ models: { weighted: model(0.5, 1) } });
  await job.results.write(keys.current(job.plan.dataset), Buffer.from(text));
  expect((await publishStudent(event)).published).toBe(true);
  expect(await current()).toBe(job.run);
});

test('a call after a kill between pointer and record finds the published student', async () => {
  const { event, job } = await evaluatedRun({ models: worse });
  await putJson(job.results, keys.current(job.plan.dataset), {
    run: job.run,
    variant: 'weighted',
    student: keys.student(job.run, 'weighted'),
  });
  expect(await publishStudent(event)).toEqual({
    published: true,
    reason: 'the weighted student is in use',
  });
});

test('a second call changes nothing', async () => {
  const { event, job, current } = await evaluatedRun({ models: better, inUse: 'earlier' });
  const first = await publishStudent(event);
  const later = { run: 'later', variant: 'weighted', student: keys.student('later', 'weighted') };
  await putJson(job.results, keys.current(job.plan.dataset), later);
  expect(await publishStudent(event)).toEqual(first);
  expect(await current()).toBe('later');
});

test('a pointer that was deleted or damaged is written again', async () => {
  const { event, job, current } = await evaluatedRun({ models: better, inUse: 'earlier' });
  const key = keys.current(job.plan.dataset);
  await publishStudent(event);
  await rm(join(job.results.location, key));
  await publishStudent(event);
  expect(await current()).toBe(job.run);
  const text = Buffer.from(await readBytes(job.results, key)).toString();
  await job.results.write(key, Buffer.from(text.replace('weighted', 'weightet')));
  await publishStudent(event);
  expect(await current()).toBe(job.run);
});
