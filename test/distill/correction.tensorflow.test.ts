import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sum } from '../../src/arrays.ts';
import {
  createWeightsWriter,
  readWeights,
  type WeightRow,
} from '../../src/data/tables/weights-file.ts';
import { correctness } from '../../src/debias/correctness.ts';
import { problemsOf } from '../../src/debias/decisions.ts';
import { uniform } from '../../src/debias/uniform.ts';
import { validationPoints } from '../../src/debias/validation.ts';
import { createWeightEstimator, type WeightEstimator, weighted } from '../../src/debias/weights.ts';
import { openLossCorrection, pseudoLabeledSet } from '../../src/distill/correction.ts';
import { labeledShard, teacherLabels } from '../../src/distill/sets.ts';
import { openValidationSet } from '../../src/distill/validation-set.ts';
import { readModelFiles } from '../../src/models/model-files.ts';
import { loadModel } from '../../src/models/student.ts';
import { type Job, shardItems } from '../../src/run/job.ts';
import { keys } from '../../src/run/keys.ts';
import { planDecisions } from '../../src/run/plan-file.ts';
import { trainVariant } from '../../src/stages/train.ts';
import { makeDataset } from '../support/datasets.ts';
import { collect } from '../support/examples.ts';
import { context, weighed } from '../support/staged-run.ts';

type Labels = 'soft' | 'hard';

/** The correction of a method for f₀. */
async function correctionOf(
  job: Job,
  method: 'weighted' | 'correctness' | 'uniform',
  labels: Labels,
) {
  const { predict } = await loadModel(await readModelFiles(job.results, keys.warmup(job.run)));
  return openLossCorrection(job, { method, labels }, await openValidationSet(job), predict);
}

/** The examples of the first unlabeled shard as a student of the method learns them. */
async function learnedBy(job: Job, method: 'weighted' | 'correctness' | 'uniform', labels: Labels) {
  const { first } = await correctionOf(job, method, labels);
  const [source] = await pseudoLabeledSet(job, { labels }, first, teacherLabels(job));
  return { count: source!.count, examples: await collect(source!.open()) };
}

/** The estimator of weights for f₀, from losses on smoothed targets. */
async function estimatorOf(job: Job, smoothing: number): Promise<WeightEstimator> {
  const { predict } = await loadModel(await readModelFiles(job.results, keys.warmup(job.run)));
  const outputs = await (await openValidationSet(job)).outputs(predict);
  const [problem] = problemsOf(outputs, planDecisions(job.plan));
  const points = validationPoints({ ...problem!, targets: 'hard', smoothing });
  return createWeightEstimator(points, job.plan.config.weights);
}

function differs({ teacherMargins, studentMargins, weights }: WeightRow, by: WeightEstimator) {
  return Math.abs(by.at(teacherMargins[0]!, studentMargins[0]!).weight - weights[0]!) > 1e-3;
}

/** Ways in which a weights file can disagree with the labels file of its shard. */
const mixUps: Record<string, (rows: WeightRow[]) => WeightRow[]> = {
  'two rows swapped': ([first, second, ...rest]) => [second!, first!, ...rest],
  shuffled: (rows) => rows.toReversed(),
  'shortened at the start': ([, ...rest]) => rest,
  'shortened at the end': (rows) => rows.slice(0, -1),
  empty: () => [],
  lengthened: (rows) => [...rows, { ...rows[0]!, id: 'one more' }],
  'lengthened by a copy of the last row': (rows) => [...rows, rows.at(-1)!],
};

function weightsFile(key: string, rows: readonly WeightRow[]): Uint8Array {
  const writer = createWeightsWriter(key, 1);
  for (const { id, ...own } of rows) writer.append({ ids: [id], ...own });
  return writer.finish();
}

describe('the unlabeled set with pseudo-labels', () => {
  test('is refused if weights and labels are not of the same examples in the same order', async () => {
    const options = makeDataset('parquet-images');
    const { event, job } = await weighed(options);
    const [shard] = await shardItems(job, 'unlabeled');
    const key = keys.weights(job.run, shard!.id);
    const rows = await collect(readWeights(job.results, key));
    const plant = (planted: readonly WeightRow[]) =>
      writeFileSync(join(options.results, key), weightsFile(key, planted));
    for (const [name, mixUp] of Object.entries(mixUps)) {
      plant(mixUp(rows));
      await expect(learnedBy(job, 'weighted', 'hard'), name).rejects.toMatchObject({
        name: 'UserError',
        message: expect.stringMatching(/^The files of a shard disagree: at /),
      });
    }
    // The run as a whole, too.
    plant(mixUps['two rows swapped']!(rows));
    const student = trainVariant({ ...event, variant: 'weighted' }, context);
    await expect(student).rejects.toThrow('The files of a shard disagree');
    plant(rows);
    expect((await learnedBy(job, 'weighted', 'hard')).examples.length).toBe(rows.length);
  });

  test('has the label of the teacher, hard or soft, and the first weight of the method', async () => {
    const student = '{ architecture: mlp, width: 32, depth: 1, epochs: 6, labelSmoothing: 0.3 }';
    const { job } = await weighed(makeDataset('parquet-vectors', { student }));
    const [shard] = await shardItems(job, 'unlabeled');
    const labels = await collect(labeledShard(job, shard!));
    const weights = await collect(readWeights(job.results, keys.weights(job.run, shard!.id)));

    const hard = await learnedBy(job, 'weighted', 'hard');
    expect(hard.count).toBe(labels.length);
    expect(hard.examples.map(({ example }) => example.id)).toEqual(
      labels.map(({ example }) => example.id),
    );
    hard.examples.forEach(({ target, teacherMargins, weights: learned }, index) => {
      const { predictions, margins } = labels[index]!.row;
      expect(target.indexOf(1)).toBe(predictions[0]);
      expect(sum(target)).toBe(1);
      expect(teacherMargins).toEqual(margins);
      // Weigh used hard labels as well, so its weights are those of the method.
      expect(learned).toEqual(weights[index]!.weights);
    });
    expect(new Set(hard.examples.map(({ weights: [weight] }) => weight)).size).toBeGreaterThan(1);

    // The student's training smooths its targets, so the weights are those of smoothed losses.
    expect(differs(weights[0]!, await estimatorOf(job, 0.3))).toBe(false);
    const plain = await estimatorOf(job, 0);
    expect(weights.some((row) => differs(row, plain))).toBe(true);

    const soft = await learnedBy(job, 'uniform', 'soft');
    soft.examples.forEach(({ target, weights: learned }, index) => {
      expect(target).toEqual(labels[index]!.row.probabilities);
      expect([...learned]).toEqual([1]);
    });
  });
});

test('only a correction that depends on the student is measured again', async () => {
  const { job } = await weighed(makeDataset('csv'));
  const { reweighting } = await correctionOf(job, weighted.name, 'hard');
  expect((await correctionOf(job, correctness.name, 'hard')).reweighting).toBeUndefined();
  expect((await correctionOf(job, uniform.name, 'hard')).reweighting).toBeUndefined();

  // A student that gives every class the same probability loses equally on every label.
  const batch = {
    ...{ size: 2, rows: { n: 2, values: new Float32Array() }, targets: new Float32Array(6) },
    ...{ teacherMargins: Float32Array.of(0.1, Number.NaN), weights: Float32Array.of(1, 1) },
  };
  const measured = await reweighting!.measure();
  const equal = new Float32Array(measured.length).fill(1 / 3);
  const reweigh = reweighting!.reweigh(equal);
  expect(Array.from(reweigh(batch, new Float32Array(6).fill(1 / 3)))).toEqual([1, 1]);
});
