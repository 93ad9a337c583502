/** Evaluate, with teacher, weights and students made by hand, so that every figure is known. */
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createDigester, toHex } from '../../src/data/content-digest.ts';
import type { Example } from '../../src/data/example.ts';
import { featureShape } from '../../src/data/features/index.ts';
import { readLabels } from '../../src/data/tables/labels-file.ts';
import { createWeightsWriter } from '../../src/data/tables/weights-file.ts';
import { sha256 } from '../../src/digest.ts';
import { labeledShard } from '../../src/distill/sets.ts';
import { runMetricsSchema } from '../../src/evaluate/run-metrics.ts';
import { allExporters, saveModel } from '../../src/models/exporters.ts';
import type { Exporter } from '../../src/models/exports/exporter.ts';
import { readDescription, writeModelFiles } from '../../src/models/model-files.ts';
import { type Job, shardItems } from '../../src/run/job.ts';
import { keys } from '../../src/run/keys.ts';
import { machineFileSchema } from '../../src/run/machine-file.ts';
import { recordSchema } from '../../src/run/plan-file.ts';
import { evaluateStudents } from '../../src/stages/evaluate.ts';
import { reconcileLabels } from '../../src/stages/reconcile.ts';
import { readBytes, readJson } from '../../src/store/once.ts';
import { sealJson } from '../../src/store/seal.ts';
import type { ObjectStore } from '../../src/store/store.ts';
import { tf } from '../../src/tensorflow.ts';
import { buildNetwork, smallMlp } from '../support/networks.ts';
import { type PlannedRun, plannedRun } from '../support/planned-run.ts';
import { putJson } from '../support/put.ts';

/** Saves a student that predicts the same class for every example. */
async function saveConstant(
  { results, plan }: Job,
  folder: string,
  predicted: number,
  classes = plan.classes,
  exporters?: readonly Exporter[],
): Promise<void> {
  const { features } = plan;
  const model = await buildNetwork(smallMlp, featureShape(features), classes.length, 1);
  const bias = Float32Array.from(classes, (_, index) => (index === predicted ? 5 : 0));
  const weights = model.getWeights().map((weight) => tf.zerosLike(weight));
  weights.at(-1)!.dispose();
  weights[weights.length - 1] = tf.tensor1d(bias);
  model.setWeights(weights);
  tf.dispose(weights);
  const description = { classes, features, createdBy: 'a test' };
  await writeModelFiles(results, folder, await saveModel(model, description, exporters));
  model.dispose();
}

const history = [{ epoch: 1, loss: 0.5 }];

/** Writes the weights of every unlabeled shard: `start`, then a little more per example. */
async function writeWeights(
  { results, run, plan }: Job,
  items: { id: string }[],
  start: number,
  testCopies: readonly string[] = [],
) {
  let weight = start;
  for (const { id: shard } of items) {
    const key = keys.weights(run, shard);
    const writer = createWeightsWriter(key, 1);
    for await (const { id } of readLabels(results, keys.labels(plan.teacher.labels, shard))) {
      const one = (value: number) => Float32Array.of(value);
      writer.append({
        ids: [id],
        teacherMargins: one(0.5),
        studentMargins: one(0.5),
        errorProbabilities: one(0.1),
        distortions: one(1),
        weights: one(weight),
      });
      weight += 1e-4;
    }
    await results.write(key, writer.finish(testCopies));
  }
}

const validation = {
  teacherMargins: [0.1, 0.5, 0.9],
  studentMargins: [0.2, 0.4, 0.6],
  wrong: [1, 0, 0],
  teacherLosses: [0.2, 0.2, 0.2],
  trueLosses: [0.4, 0.2, 0.2],
  warnings: ['a warning of Warm up'],
};

/** Copies the first rows of the test set to the labeled one. */
function leak(dataset: string, rows: number): void {
  const [, ...tests] = readFileSync(join(dataset, 'test/wine.csv'), 'utf8').split('\n');
  const lines = tests.slice(0, rows).map((row) => `${row}\n`);
  appendFileSync(join(dataset, 'labeled/wine.csv'), lines.join(''));
}

/** Digests of the test rows after the first `leaks`, as many. */
async function testDigests(job: Job, leaks: number): Promise<string[]> {
  const digests: string[] = [];
  for (const item of await shardItems(job, 'test')) {
    for await (const { example } of labeledShard(job, item)) {
      digests.push(toHex(createDigester(job.plan.features)(example.content)));
    }
  }
  return digests.slice(leaks, 2 * leaks);
}

/** A run after Train, whose teacher is always right and whose student predicts class 0. */
async function trainedRun(
  start = 0.9,
  leaks = 0,
  more: Record<string, string> = {},
): Promise<PlannedRun> {
  const teacher = '{ train: { architecture: mlp }, calibrate: false }';
  const sections = { compare: '[]', teacher, ...more };
  const run = await plannedRun(sections, 'csv', (dataset) => leak(dataset, leaks));
  const { job } = run;
  const { classes } = job.plan;
  const truth = ({ label }: Example) => Math.max(0, classes.indexOf(String(label)));
  let turn = 0;
  await run.label((example, { set }) => ({
    prediction: truth(example),
    probability: set === 'unlabeled' ? 0.5 + (turn++ % 40) / 100 : 0.9,
  }));
  await reconcileLabels(run.event, run.context);
  await putJson(job.results, keys.validation(job.run), validation);
  const testCopies = await testDigests(job, leaks);
  await writeWeights(job, await shardItems(job, 'unlabeled'), start, testCopies);
  const folder = keys.student(job.run, 'weighted');
  await saveConstant(job, folder, 0);
  await putJson(job.results, `${folder}history.json`, history);
  await saveConstant(job, keys.student(job.run, 'labels-only'), 1);
  await writeBaseline(job, 'labels-only', { description: 'Made by hand.' });
  await writeBaseline(job, 'logistic', { description: '', leftOut: 'too many weights' });
  return run;
}

async function writeBaseline({ results, run }: Job, name: string, record: object) {
  await putJson(results, `${keys.student(run, name)}baseline.json`, record);
}

async function evaluated({ event, context, job }: PlannedRun) {
  await evaluateStudents(event, context);
  return readJson(job.results, keys.metrics(job.run), runMetricsSchema);
}

async function reportOf({ job }: PlannedRun): Promise<string> {
  return Buffer.from(await readBytes(job.results, keys.report(job.run))).toString();
}

async function replace(results: ObjectStore, key: string, body: string | Uint8Array) {
  const { etag } = (await results.head(key))!;
  expect(await results.write(key, Buffer.from(body), { ifMatch: etag })).toBeDefined();
}

/** Share of the test examples that a student which always predicts `index` has right. */
async function shareOf({ job, label }: PlannedRun, index: number): Promise<number> {
  const counts = job.plan.classes.map(() => 0);
  await label(({ label: written }, { set }) => {
    const truth = job.plan.classes.indexOf(String(written));
    if (set === 'test') counts[truth]!++;
    return { prediction: Math.max(0, truth), probability: 0.9 };
  });
  return counts[index]! / counts.reduce((sum, count) => sum + count, 0);
}

/** Number of test examples after the first `skipped` that are of class 0. */
async function rightAfter({ job, label }: PlannedRun, skipped: number): Promise<number> {
  const truths: number[] = [];
  await label(({ label: written }, { set }) => {
    const truth = Math.max(0, job.plan.classes.indexOf(String(written)));
    if (set === 'test') truths.push(truth);
    return { prediction: truth, probability: 0.9 };
  });
  return truths.slice(skipped).filter((truth) => truth === 0).length;
}

describe('a run', () => {
  test('has teacher and student measured on the test set', async () => {
    const run = await trainedRun();
    const { metrics, students, evaluatedOn } = await evaluated(run);
    expect(evaluatedOn).toBe('test');
    expect(metrics.models.teacher!.accuracy.value).toBe(1);
    expect(metrics.models.weighted!.accuracy.value).toBeCloseTo(await shareOf(run, 0), 10);
    expect(students).toMatchObject([{ variant: 'weighted', history }]);
    expect(metrics.support.reduce((sum, count) => sum + count, 0)).toBe(metrics.examples);
    const total = run.job.plan.estimate.sets.test.examples;
    expect(run.reports).toContainEqual({ stage: 'Evaluate', done: total, unit: 'examples' });
  });

  test('has the time that each model needs for an example, in a file of its own', async () => {
    const run = await trainedRun();
    await evaluated(run);
    const { results, run: name } = run.job;
    const machine = await readJson(results, keys.machine(name), machineFileSchema);
    expect(Object.keys(machine.latency).sort()).toEqual(['labels-only', 'weighted']);
    for (const seconds of Object.values(machine.latency)) expect(seconds).toBeGreaterThan(0);
    expect(machine.latencyExamples).toBe(10);
    // The labels are made by hand, so that there is no teacher.
    expect(machine.teacherNotTimed).toContain('fold-0/student.json');
    expect(machine.versions).toMatchObject({ Node: process.versions.node });
    expect(await reportOf(run)).toContain('<h2>Machine and time</h2>');
  });

  /** Gives the student the ONNX file of a model that predicts a class. */
  async function withOnnx(run: PlannedRun, predicted: number): Promise<number> {
    const { results, plan, run: name } = run.job;
    await saveConstant(run.job, 'students/other/', predicted, plan.classes, allExporters);
    const file = await readBytes(results, 'students/other/model.onnx');
    const folder = keys.student(name, 'weighted');
    await results.write(`${folder}model.onnx`, file);
    const description = await readDescription(results, folder);
    const files = { ...description.files, 'model.onnx': sha256(file) };
    await results.write(`${folder}student.json`, sealJson({ ...description, files }));
    return file.length;
  }

  test('fails if a file of another format was changed after it was written', async () => {
    const run = await trainedRun();
    await withOnnx(run, 0);
    const key = `${keys.student(run.job.run, 'weighted')}model.onnx`;
    const file = Buffer.from(await readBytes(run.job.results, key));
    file[file.length >> 1]! ^= 1;
    await run.job.results.write(key, file);
    await expect(evaluated(run)).rejects.toThrow(`${key} was changed after it was written`);
  });

  test('has the files of other formats compared with the student', async () => {
    const run = await trainedRun();
    const bytes = await withOnnx(run, 0);
    const { students } = await evaluated(run);
    const [compared] = students[0]!.exports;
    expect(compared).toMatchObject({ format: 'onnx', bytes, examples: 40 });
    expect(compared).toHaveProperty('largestDifference', expect.closeTo(0, 6));
  });

  test('fails if a file of another format gives other probabilities', async () => {
    const run = await trainedRun();
    await withOnnx(run, 1);
    await expect(evaluated(run)).rejects.toThrow(
      "the onnx file of the student 'weighted' is wrong: a probability differs by 0.9",
    );
  });

  test('has its figures without the test examples that are in another set', async () => {
    const run = await trainedRun(0.9, 4);
    const { metrics, leakage, warnings } = await evaluated(run);
    expect(metrics.examples).toBe(40);
    expect(leakage).toMatchObject({
      examples: 8,
      of: 40,
      sets: { labeled: 4, validation: 0, unlabeled: 4 },
      without: { examples: 32 },
    });
    const right = await rightAfter(run, 8);
    expect(leakage?.without?.models.weighted?.accuracy.value).toBeCloseTo(right / 32, 10);
    expect(warnings[0]).toMatch(
      /^8 of 40 test examples have the values of a labeled or unlabeled one.* on the other 32: teacher 100.0%/,
    );
  });

  test('whose test examples are all in another set has no figures without them', async () => {
    const { leakage, warnings } = await evaluated(await trainedRun(0.9, 40));
    expect(leakage).toEqual({
      examples: 40,
      of: 40,
      sets: { labeled: 40, validation: 0, unlabeled: 0 },
    });
    expect(warnings[0]).toMatch(/^40 of 40 .* No other test example is left/);
  });

  test('without such examples has no leakage', async () => {
    expect((await evaluated(await trainedRun())).leakage).toBeUndefined();
  });

  test('has the baselines measured beside the students, and states which was left out', async () => {
    const run = await trainedRun();
    const { metrics, baselines, deviations } = await evaluated(run);
    expect(metrics.models['labels-only']!.accuracy.value).toBeCloseTo(await shareOf(run, 1), 10);
    expect(baselines).toEqual([
      { name: 'logistic', description: 'Left out: too many weights.' },
      {
        ...{ name: 'labels-only', description: 'Made by hand.' },
        ...{ parameters: expect.any(Number), bytes: expect.any(Number) },
      },
    ]);
    expect(Object.keys(deviations.exaggeration)).toEqual(['weighted']);
  });

  test('warns about the classes that the student does not find', async () => {
    const { warnings, classes } = await evaluated(await trainedRun());
    const missed = warnings.filter((text) => text.includes('less than half of the mean over'));
    expect(missed).toHaveLength(classes.length - 1);
    expect(missed[0]).toContain(`finds 0 of the`);
  });

  test('has the smallest weights, and their mean', async () => {
    const { leastWeighed, meanWeight, labels } = await evaluated(await trainedRun(0.9));
    const count = labels.unlabeled;
    expect(leastWeighed.map(({ weight }) => weight)).toEqual(
      Array.from({ length: 24 }, (_, index) => expect.closeTo(0.9 + index * 1e-4, 5)),
    );
    expect(meanWeight).toBeCloseTo(0.9 + ((count - 1) / 2) * 1e-4, 5);
  });

  test('warns of what Warm up found, and of an unusual mean weight', async () => {
    const usual = await evaluated(await trainedRun(0.9));
    expect(usual.warnings).toContain('a warning of Warm up');
    const unusual = await evaluated(await trainedRun(0.01));
    expect(unusual.warnings.length).toBe(usual.warnings.length + 1);
  });

  test('has a file of the examples to label next, the most useful first', async () => {
    const run = await trainedRun();
    const { labelNext } = await evaluated(run);
    expect(labelNext).toHaveLength(24);
    const csv = Buffer.from(await readBytes(run.job.results, keys.labelNext(run.job.run)));
    const [head, first] = csv.toString().split('\n');
    // The columns of the row follow, for the people who label.
    expect(head).toMatch(/^id,label,prediction,margin,alcohol,/);
    const { id, prediction, margin } = labelNext[0]!;
    expect(first).toContain(`${id},,${prediction},${margin.toFixed(3)},1`);
    const page = await readBytes(run.job.results, keys.labelPage(run.job.run));
    expect(Buffer.from(page).toString()).toContain(`"id":"${id}","cells":[["alcohol","1`);
    const tasks = await readBytes(run.job.results, keys.labelStudio(run.job.run, 'tasks.json'));
    expect(JSON.parse(Buffer.from(tasks).toString())[0].data).toEqual({
      id,
      columns: expect.stringMatching(/^alcohol: 1/),
    });
  });

  test('that was evaluated keeps its figures, and gets the same report again', async () => {
    const run = await trainedRun();
    const before = await evaluated(run);
    const report = await reportOf(run);
    await saveConstant(run.job, keys.student(run.job.run, 'weighted'), 1);
    expect(await evaluated(run)).toEqual(before);
    expect(await reportOf(run)).toBe(report);
  });

  test('shows the columns of mistakes, of examples to label and of those with small weights', async () => {
    const run = await trainedRun();
    const { gallery, leastWeighed } = await evaluated(run);
    const [mistake] = gallery!.mistakes;
    expect(mistake).toMatchObject({ student: { class: run.job.plan.classes[0] } });
    expect(mistake!.truth).toBe(mistake!.teacher.class);
    expect(gallery!.mistakes).toHaveLength(24);
    expect(leastWeighed[0]!.prediction).toBe(run.job.plan.classes[0]);
    // Four lists, and an example of each of the two confusions.
    const shown = (await reportOf(run)).split('<p class="content">').slice(1);
    expect(shown.length).toBe(4 * 24 + 2);
    for (const cell of shown) expect(cell).toMatch(/^<span class="column"><span>/);
  });

  test('shows no content if the config asks for none', async () => {
    const run = await trainedRun(0.9, 0, { report: '{ examples: 0 }' });
    expect((await evaluated(run)).gallery).toBeUndefined();
    expect(await reportOf(run)).not.toContain('class="content"');
    const { results, run: name } = run.job;
    const csv = Buffer.from(await readBytes(results, keys.labelNext(name))).toString();
    expect(csv).toMatch(/^id,label,prediction,margin\n/);
    const page = Buffer.from(await readBytes(results, keys.labelPage(name))).toString();
    expect(page).not.toContain('"cells"');
  });
});

describe('the student in use', () => {
  async function withStudentInUse(classes?: string[]) {
    const run = await trainedRun();
    const { job } = run;
    const student = keys.student('earlier', 'weighted');
    await saveConstant(job, student, 1, classes);
    const current = { run: 'earlier', variant: 'weighted', student };
    await putJson(job.results, keys.current(job.plan.dataset), current);
    return run;
  }

  test('is measured beside the others', async () => {
    const run = await withStudentInUse();
    const { metrics } = await evaluated(run);
    expect(metrics.models.current!.accuracy.value).toBeCloseTo(await shareOf(run, 1), 10);
  });

  test('is reported if it is from another dataset with the same name', async () => {
    const run = await withStudentInUse();
    const { results, run: name } = run.job;
    const record = await readJson(results, keys.record(name), recordSchema);
    const earlier = { ...record, run: 'earlier', dataset: '/elsewhere/csv' };
    await putJson(results, keys.record('earlier'), earlier);
    const { warnings } = await evaluated(run);
    expect(warnings.at(-1)).toContain("of 'csv' is from the dataset /elsewhere/csv, and this run");
  });

  /** Metrics of a run whose student in use was spoiled. */
  async function spoiled(spoil: (job: Job, folder: string) => Promise<unknown>) {
    const run = await withStudentInUse();
    const before = tf.memory().numTensors;
    await spoil(run.job, keys.student('earlier', 'weighted'));
    const found = await evaluated(run);
    expect(tf.memory().numTensors).toBe(before);
    expect(Object.keys(found.metrics.models).sort()).toEqual(measuredAlone);
    expect(found.warnings.at(-1)).toContain(`: ${found.currentProblem}.`);
    expect(found.currentProblem).not.toMatch(/\.$/);
    return found.currentProblem;
  }
  const measuredAlone = ['labels-only', 'teacher', 'weighted'];

  test('is left out if it has other classes', async () => {
    const run = await withStudentInUse(['red', 'white', 'rosé']);
    const before = tf.memory().numTensors;
    const { metrics, currentProblem } = await evaluated(run);
    expect(Object.keys(metrics.models).sort()).toEqual(measuredAlone);
    expect(currentProblem).toBe('it has other classes: red, white, rosé');
    expect(tf.memory().numTensors).toBe(before);
  });

  test.each<[string, (job: Job, folder: string) => Promise<unknown>, string]>([
    [
      'its pointer is damaged',
      ({ results, plan }) => replace(results, keys.current(plan.dataset), '{"run":'),
      'is not JSON',
    ],
    [
      'its weights are cut short',
      ({ results }, folder) => replace(results, `${folder}weights.bin`, 'abcd'),
      'weights.bin was changed after it was written',
    ],
    [
      'its description is damaged',
      ({ results }, folder) => replace(results, `${folder}student.json`, '{}'),
      'student.json has no checksum',
    ],
    [
      'it is of another kind of data',
      ({ results, plan }, folder) =>
        replace(
          results,
          `${folder}student.json`,
          sealJson({
            ...{ classes: plan.classes, createdBy: 'a test' },
            features: { kind: 'vector', length: featureShape(plan.features)[0] },
          }),
        ),
      "It is of the kind 'row'",
    ],
    [
      'its examples may have several labels',
      async ({ results }, folder) => {
        const file = `${folder}student.json`;
        const description = await readDescription(results, folder);
        await replace(results, file, sealJson({ ...description, multiLabel: true }));
      },
      'its examples may have several labels, and those of this run have one class',
    ],
  ])('is left out if %s', async (_, spoil, problem) => {
    expect(await spoiled(spoil)).toContain(problem);
  });
});
