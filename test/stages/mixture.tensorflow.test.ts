import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readLabels } from '../../src/data/tables/labels-file.ts';
import { readMixture } from '../../src/distill/read-mixture.ts';
import { teacherLabels } from '../../src/distill/sets.ts';
import { type Job, shardItems } from '../../src/run/job.ts';
import { keys } from '../../src/run/keys.ts';
import { type Dataset, formats, makeDataset, writeConfig } from '../support/datasets.ts';
import { collect } from '../support/examples.ts';
import { reconciled } from '../support/staged-run.ts';
import { tableContent } from '../support/table-content.ts';

/** A teacher that trains in a second. */
const network = (width: number, depth: number, epochs: number) =>
  `{ architecture: mlp, width: ${width}, depth: ${depth}, epochs: ${epochs}, batchSize: 32, learningRate: 0.02 }`;
const small = network(4, 1, 4);
const large = network(32, 1, 15);

/** Runs the stages up to Reconcile on a dataset with other teachers. */
async function withTeacher(made: Dataset, train: string, more: Record<string, string> = {}) {
  // The folder has the name of its format.
  const format = basename(made.dataset) as keyof typeof formats;
  writeConfig(made.dataset, { ...formats[format], teacher: `{ train: ${train} }`, ...more });
  return (await reconciled(made)).job;
}

/** The contents of all labels, by shard. */
async function labelsOf(job: Job, made: Dataset): Promise<Map<string, string>> {
  const labels = teacherLabels(job);
  const items = await shardItems(job);
  return new Map(
    items.map(({ id }) => [id, tableContent(readFileSync(join(made.results, labels(id))))]),
  );
}

describe('several teachers', () => {
  test('are mixed by their answers to labels that they have not learned', async () => {
    const made = makeDataset('parquet-vectors');
    // Both are sure of too much, and err on other examples.
    const [one, other] = [network(16, 2, 100), network(12, 2, 100)];
    const job = await withTeacher(made, `[${one}, ${other}]`);
    const { members } = job.plan.teacher;
    expect(members.map(({ name }) => name)).toEqual(['mlp 1', 'mlp 2']);
    const mixture = (await readMixture(job))!;
    expect(mixture).toMatchObject({ isMixed: true });
    expect(mixture.members).toEqual(members.map(({ digest }) => digest).sort());
    expect(mixture.examples).toBe(120);
    expect(mixture.folds).toHaveLength(2);
    for (const weights of [mixture.whole, ...mixture.folds]) {
      expect(weights[0]! + weights[1]!).toBeCloseTo(1, 9);
    }
    // Each member's answers to these labels stay, for other lists.
    const judging = await shardItems(job, ...job.plan.validatedOn);
    for (const { digest } of members) {
      expect(readdirSync(join(made.results, `labels/${digest}`))).toHaveLength(judging.length);
    }
    const [unlabeled] = await shardItems(job, 'unlabeled');
    const rows = await collect(readLabels(job.results, teacherLabels(job)(unlabeled!.id)));
    for (const { probabilities, votes } of rows) {
      expect(probabilities.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
      expect(votes).toHaveLength(2);
    }

    const labels = await labelsOf(job, made);
    const swapped = await withTeacher(made, `[${other}, ${one}]`);
    expect(swapped.plan.teacher.digest).toBe(job.plan.teacher.digest);
    expect(await labelsOf(swapped, made)).toEqual(labels);
    // In a new folder too, where nothing is reused.
    rmSync(made.results, { recursive: true });
    expect(await labelsOf(await withTeacher(made, `[${other}, ${one}]`), made)).toEqual(labels);
  });

  test('that do not help have no weight, and the best one labels as if it were alone', async () => {
    const made = makeDataset('csv');
    const useless = '{ architecture: mlp, width: 4, depth: 1, epochs: 1, learningRate: 0.000001 }';
    const alone = await withTeacher(made, large);
    const list = await withTeacher(made, `[${large}]`);
    // A doubt names the field of the config, which is in a list here.
    expect({ ...list.plan.teacher, doubts: [] }).toEqual({ ...alone.plan.teacher, doubts: [] });
    expect(await labelsOf(list, made)).toEqual(await labelsOf(alone, made));

    const job = await withTeacher(made, `[${useless}, ${large}]`);
    expect(job.plan.teacher.digest).not.toBe(alone.plan.teacher.digest);
    const mixture = (await readMixture(job))!;
    expect(mixture.isMixed).toBe(false);
    const best = mixture.members.indexOf(alone.plan.teacher.digest);
    expect(mixture.whole[best]).toBe(1);
    expect(await labelsOf(job, made)).toEqual(await labelsOf(alone, made));
  });

  test.each([
    ['validation/ is held out', { folds: '2', validation: 'held-out' }],
    ['there is one fold', { folds: '1' }],
    ['there is no calibration', { folds: '2', calibrate: 'false' }],
  ])('are mixed if %s', async (_, { calibrate, ...more }: Record<string, string>) => {
    const made = makeDataset('csv');
    const train = `[${small}, ${large}]${calibrate ? ', calibrate: false' : ''}`;
    const job = await withTeacher(made, train, { ...more, method: 'uniform' });
    const { examples } = (await readMixture(job))!;
    const sets = job.plan.validatedOn.map((set) => job.plan.estimate.sets[set].examples);
    expect(examples).toBe(sets.reduce((a, b) => a + b));
    expect((await labelsOf(job, made)).size).toBe((await shardItems(job)).length);
    const key = keys.mixture(job.plan.teacher.digest);
    expect(readFileSync(join(made.results, key), 'utf8')).toContain('"isMixed"');
  });

  test('need labels that they have not learned', async () => {
    const made = makeDataset('csv');
    rmSync(join(made.dataset, 'validation'), { recursive: true });
    const more = { folds: '1', method: 'uniform', data: '{ format: csv, validationShare: 0 }' };
    await expect(withTeacher(made, `[${small}, ${large}]`, more)).rejects.toMatchObject({
      name: 'UserError',
      hint: expect.stringContaining('Several teachers in teacher.train need such labels.'),
    });
  });
});
