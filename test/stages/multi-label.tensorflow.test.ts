import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readLabels } from '../../src/data/tables/labels-file.ts';
import { createTableWriter } from '../../src/data/tables/parquet-table.ts';
import { readWeights } from '../../src/data/tables/weights-file.ts';
import { manyLabels, problemsOf } from '../../src/debias/decisions.ts';
import { validationPoints } from '../../src/debias/validation.ts';
import { createWeightEstimator } from '../../src/debias/weights.ts';
import { labeledShard, teacherLabels } from '../../src/distill/sets.ts';
import { openValidationSet } from '../../src/distill/validation-set.ts';
import { loadStudent } from '../../src/models/load-student.ts';
import { readModelFiles } from '../../src/models/model-files.ts';
import { loadModel } from '../../src/models/student.ts';
import { shardItems } from '../../src/run/job.ts';
import { keys } from '../../src/run/keys.ts';
import { collect } from '../support/examples.ts';
import { makeWeather, sizes, weather } from '../support/multi-label.ts';
import { expectHeldOut, finished, reconciled, weighed } from '../support/staged-run.ts';

test('a run learns any number of labels per example, and its student answers with them', async () => {
  const options = makeWeather({ compare: '[uniform, correctness, entropy, fidelity]' });
  const run = await finished(options);
  const { job, metrics, students } = run;
  expectHeldOut(run);
  expect(students.map(({ variant }) => variant)).toEqual([
    ...['weighted', 'uniform', 'correctness', 'entropy', 'fidelity'],
  ]);
  for (const { variant } of students) {
    expect(metrics.models[variant]!.accuracy.value, variant).toBeGreaterThan(0.85);
  }
  const student = await loadStudent(join(options.results, keys.student(job.run, 'weighted')));
  const day = (heat: number, wind: number, water: number) => ({ heat, wind, water });
  const [all, none] = await student.predict([day(0.95, 0.95, 0.95), day(0.05, 0.05, 0.05)]);
  student.dispose();
  expect(all).toMatchObject({ labels: weather });
  expect(none).toMatchObject({ labels: [] });
  expect([...none!.probabilities].every((p) => p < 0.5)).toBe(true);
});

test('each label has its own margin and weight, from the examples of its own decision', async () => {
  const { job } = await weighed(makeWeather());
  const decisions = manyLabels(weather.length);
  const { predict } = await loadModel(await readModelFiles(job.results, keys.warmup(job.run)));
  const outputs = await (await openValidationSet(job)).outputs(predict);
  const estimators = problemsOf(outputs, decisions).map((problem) =>
    createWeightEstimator(
      validationPoints({ ...problem, targets: 'hard' }),
      job.plan.config.weights,
    ),
  );
  const [item] = await shardItems(job, 'unlabeled');
  const labels = await collect(readLabels(job.results, teacherLabels(job)(item!.id)));
  const weights = await collect(readWeights(job.results, keys.weights(job.run, item!.id)));
  expect(weights).toHaveLength(300);
  for (const [index, { teacherMargins, studentMargins, weights: found }] of weights.entries()) {
    expect(teacherMargins).toEqual(labels[index]!.margins);
    const expected = estimators.map((estimator, label) =>
      Math.fround(estimator.at(teacherMargins[label]!, studentMargins[label]!).weight),
    );
    expect([...found]).toEqual(expected);
  }
  expect(new Set(weights.flatMap((row) => [...row.weights])).size).toBeGreaterThan(3);
});

test.each([
  ['probabilities', (p: number) => p],
  ['sigmoid', (p: number) => p],
  ['logits', (p: number) => Math.log(p / (1 - p))],
])('a teacher of the user may give %s, one per label', async (output, spelled) => {
  const options = makeWeather({ teacher: `{ predictions: answers/, output: ${output} }` });
  const given = Float32Array.of(0.9, 0.75, 0.1);
  const table = createTableWriter({ id: 'text', set: 'text', probabilities: { floats: 3 } });
  for (const [set, size] of Object.entries(sizes)) {
    for (let row = 0; row < size; row++) {
      const probabilities = given.map(spelled);
      table.append(1, { id: [`days.csv:${row}`], set: [set], probabilities });
    }
  }
  mkdirSync(join(options.dataset, 'answers'));
  writeFileSync(join(options.dataset, 'answers', 'all.parquet'), table.finish());
  const { job } = await reconciled(options);
  const [item] = await shardItems(job, 'unlabeled');
  for await (const { row } of labeledShard(job, item!)) {
    expect([...row.predictions]).toEqual([1, 1, 0]);
    for (const [label, p] of given.entries()) {
      expect(row.probabilities[label]).toBeCloseTo(p, 5);
      expect(row.margins[label]).toBeCloseTo(Math.abs(2 * p - 1), 5);
    }
  }
});
