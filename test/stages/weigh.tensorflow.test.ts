import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createDigester, toHex } from '../../src/data/content-digest.ts';
import { openWeights, readWeights } from '../../src/data/tables/weights-file.ts';
import { margins } from '../../src/debias/margin.ts';
import { createWeightEstimator } from '../../src/debias/weights.ts';
import { labeledShard } from '../../src/distill/sets.ts';
import { studentInputs } from '../../src/distill/student-inputs.ts';
import { readModelFiles } from '../../src/models/model-files.ts';
import { loadModel } from '../../src/models/student.ts';
import type { Progress } from '../../src/run/context.ts';
import { shardItems } from '../../src/run/job.ts';
import { keys } from '../../src/run/keys.ts';
import { toPoints, validationFileSchema } from '../../src/run/validation-file.ts';
import { weighShard } from '../../src/stages/weigh.ts';
import { readJson } from '../../src/store/once.ts';
import { makeDataset } from '../support/datasets.ts';
import { collect } from '../support/examples.ts';
import { context, weighed } from '../support/staged-run.ts';

describe('Weigh', () => {
  test('writes one row per labeled example, in the order of the shard', async () => {
    const { job } = await weighed(makeDataset('parquet-images'));
    const items = await shardItems(job, 'unlabeled');
    expect(items.length).toBeGreaterThan(1);
    for (const item of items) {
      const rows = await collect(readWeights(job.results, keys.weights(job.run, item.id)));
      const labels = await collect(labeledShard(job, item));
      expect(rows.map(({ id }) => id)).toEqual(labels.map(({ row }) => row.id));
      expect(rows.map(({ teacherMargins }) => teacherMargins)).toEqual(
        labels.map(({ row }) => row.margins),
      );
    }
  });

  test('estimates the weights from f₀ and the validation points', async () => {
    const { job } = await weighed(makeDataset('parquet-vectors'));
    const { predict } = await loadModel(await readModelFiles(job.results, keys.warmup(job.run)));
    const validation = await readJson(job.results, keys.validation(job.run), validationFileSchema);
    const estimator = createWeightEstimator(toPoints(validation), job.plan.config.weights);
    const [item] = await shardItems(job, 'unlabeled');
    const rows = await collect(readWeights(job.results, keys.weights(job.run, item!.id)));
    const expected: number[] = [];
    for await (const { rows: inputs, examples } of studentInputs(job, item!)) {
      const studentMargins = margins(predict(inputs), job.plan.classes.length);
      examples.forEach(({ row }, index) => {
        const { weight } = estimator.at(row.margins[0]!, studentMargins[index]!);
        expected.push(Math.fround(weight));
      });
    }
    expect(rows.map(({ weights }) => weights[0])).toEqual(expected);
    expect(new Set(expected).size).toBeGreaterThan(1);
  });

  test('weighs a shard once, and reports it either way', async () => {
    const options = makeDataset('csv');
    const { event, job } = await weighed(options);
    const [shard] = await shardItems(job, 'unlabeled');
    const weigh = async (stopped = context.signal) => {
      const reports: Progress[] = [];
      const report = (progress: Progress) => reports.push(progress);
      expect(await weighShard({ ...event, shard: shard! }, { signal: stopped, report })).toBe(1);
      return reports;
    };
    const labels = await collect(labeledShard(job, shard!));
    const done = { stage: 'Weigh', part: shard!.id, done: labels.length, total: labels.length };
    expect(await weigh()).toEqual([done]);
    // Without its file, the shard is weighed again.
    rmSync(join(options.results, keys.weights(job.run, shard!.id)));
    await expect(weigh(AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped');
    const again = await weigh();
    expect(again.length).toBeGreaterThan(1);
    expect(again.at(-1)).toEqual(done);
  });

  test('finds the unlabeled images that are in the test set, too', async () => {
    const options = makeDataset('images');
    cpSync(join(options.dataset, 'test/0'), join(options.dataset, 'unlabeled/first/copies'), {
      recursive: true,
    });
    const { job } = await weighed(options);
    const found = new Set<string>();
    for (const { id } of await shardItems(job, 'unlabeled')) {
      const { testCopies } = await openWeights(job.results, keys.weights(job.run, id));
      for (const digest of testCopies) found.add(digest);
    }
    const expected = new Set<string>();
    for (const item of await shardItems(job, 'test')) {
      for await (const { example } of labeledShard(job, item)) {
        if (!example.id.startsWith('0/')) continue;
        expected.add(toHex(createDigester(job.plan.features)(example.content)));
      }
    }
    expect(expected.size).toBeGreaterThan(1);
    expect(found).toEqual(expected);
  });
});
