import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { randomFor } from '../../src/data/random.ts';
import { modelsOfLabels } from '../../src/distill/baselines/index.ts';
import { runMetricsSchema } from '../../src/evaluate/run-metrics.ts';
import { loadStudent } from '../../src/models/load-student.ts';
import { isModelSaved } from '../../src/models/model-files.ts';
import { predictPaths } from '../../src/predict/predict-paths.ts';
import { keys } from '../../src/run/keys.ts';
import { evaluateStudents } from '../../src/stages/evaluate.ts';
import { trainVariant } from '../../src/stages/train.ts';
import { readJson } from '../../src/store/once.ts';
import { writeConfig } from '../support/datasets.ts';
import { context, weighed } from '../support/staged-run.ts';

const words = {
  good: ['great', 'lovely', 'tasty', 'superb'],
  bad: ['awful', 'boring', 'bland', 'dreadful'],
};
const fillers = ['the', 'food', 'film', 'was', 'very', 'and', 'music', 'plot'];

/** Writes a set of reviews, each with one or two words of its class among others. */
function writeReviews(folder: string, n: number, seed: number): void {
  const random = randomFor(seed);
  const pick = (list: readonly string[]) => list[Math.floor(random() * list.length)]!;
  const lines = Array.from({ length: n }, (_, index) => {
    const label = index % 2 === 0 ? 'good' : 'bad';
    const text = [pick(fillers), pick(words[label]), pick(fillers), pick(fillers)];
    if (random() < 0.5) text.push(pick(words[label]));
    return `${seed}-${index},${text.join(' ')},${label}\n`;
  });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'reviews.csv'), `id,text,label\n${lines.join('')}`);
}

test('texts go through all stages without TensorFlow', async () => {
  const dataset = mkdtempSync(join(tmpdir(), 'reviews-'));
  onTestFinished(() => rmSync(dataset, { recursive: true }));
  const counts = { labeled: 40, validation: 20, 'unlabeled/monday': 60, test: 30 };
  for (const [index, [set, n]] of Object.entries(counts).entries()) {
    writeReviews(join(dataset, set), n, index + 1);
  }
  const network = '{ architecture: ngrams, buckets: 4096, epochs: 20, batchSize: 16 }';
  writeConfig(dataset, {
    task: '{ type: text-classification, text: text, classes: [good, bad] }',
    data: '{ format: csv, id: id, label: label }',
    teacher: `{ train: ${network} }`,
    student: network,
    compare: '[lelp]',
    lelp: '{ subclasses: 2 }',
  });
  const { event, job } = await weighed({ dataset, results: join(dataset, 'results') });
  expect(modelsOfLabels(job.plan)).toEqual(['labels-only']);
  for (const variant of ['weighted', 'lelp', 'labels-only', 'logistic']) {
    await trainVariant({ ...event, variant }, context);
  }
  await evaluateStudents(event, context);
  const { metrics, baselines } = await readJson(
    job.results,
    keys.metrics(job.run),
    runMetricsSchema,
  );
  for (const name of ['teacher', 'weighted', 'lelp', 'labels-only']) {
    expect(metrics.models[name]!.accuracy.value, name).toBeGreaterThan(0.85);
  }
  expect(baselines.find(({ name }) => name === 'logistic')!.description).toContain('Left out');

  const folder = keys.student(job.run, 'weighted');
  expect(await isModelSaved(job.results, folder)).toBe(true);
  const student = await loadStudent(join(dataset, 'results', folder));
  const answers = await student.predict(['a superb plot', 'Bland and BORING!']);
  expect(answers.map((answer) => answer.class)).toEqual(['good', 'bad']);

  // The command predicts the test set as Evaluate has measured it, by the name of the run.
  const out = join(dataset, 'predictions.csv');
  const { predicted } = await predictPaths({
    ...{ student: job.run, results: join(dataset, 'results'), paths: [join(dataset, 'test')] },
    ...{ out, format: 'csv', maxUnusable: 0, stdin: process.stdin, stdout: process.stdout },
    ...{ onProgress: () => {}, prepareTensorFlow: () => Promise.reject() },
  });
  const labels = readFileSync(join(dataset, 'test/reviews.csv'), 'utf8').split('\n');
  const right = readFileSync(out, 'utf8')
    .split('\n')
    .filter(
      (line, row) => row > 0 && line !== '' && line.split(',')[1] === labels[row]!.split(',')[2],
    );
  expect(right.length / predicted).toBeCloseTo(metrics.models.weighted!.accuracy.value, 12);
});
