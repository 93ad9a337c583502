import { expect, test } from 'vitest';
import { foldOf } from '../../src/data/folds.ts';
import { setNames } from '../../src/data/shard.ts';
import {
  countedShards,
  countIncluded,
  filterSource,
  joinedShard,
  labeledShard,
  sampleUnlabeled,
  trueLabelSet,
  trueLabelSetWithout,
} from '../../src/distill/sets.ts';
import type { TrainingExample } from '../../src/distill/training-example.ts';
import type { Job } from '../../src/run/job.ts';
import { foldsOf } from '../../src/run/plan-file.ts';
import type { ShardSource } from '../../src/train/stream.ts';
import { makeDataset } from '../support/datasets.ts';
import { collect } from '../support/examples.ts';
import { reconciled } from '../support/staged-run.ts';

/** The ids of sources, each with the number that its source promises. */
async function idsOf(sources: readonly ShardSource<TrainingExample>[]): Promise<string[]> {
  const ids: string[] = [];
  for (const { count, open } of sources) {
    const examples = await collect(open());
    expect(examples.length).toBe(count);
    ids.push(...examples.map(({ example }) => example.id));
  }
  return ids;
}

async function idsOfSet(job: Job, ...sets: Parameters<typeof countedShards>[1][]) {
  const ids: string[] = [];
  for (const { item } of await countedShards(job, ...sets)) {
    for await (const { example } of labeledShard(job, item)) ids.push(example.id);
  }
  return ids;
}

test('shards are listed by set, with the number of their usable examples', async () => {
  const { job } = await reconciled(makeDataset('parquet-images'));
  const all = await countedShards(job, ...setNames);
  for (const set of setNames) {
    const some = await countedShards(job, set);
    expect(some).toEqual(all.filter(({ item }) => item.set === set));
    for (const { item, count } of some) {
      expect(await collect(labeledShard(job, item))).toHaveLength(count);
    }
  }
});

test('the true labels are those of the labeled and the validation set, as classes', async () => {
  const { job } = await reconciled(makeDataset('csv'));
  const sources = await trueLabelSet(job);
  expect(await idsOf(sources)).toEqual(await idsOfSet(job, 'labeled', 'validation'));
  for (const { open } of sources) {
    for await (const { example, target, teacherMargins, weights } of open()) {
      expect(job.plan.classes[target.indexOf(1)]).toBe(example.label);
      expect([...teacherMargins, ...weights]).toEqual([Number.NaN, 1]);
    }
  }
});

test('without a fold, that part of the judging set is left out, and only that', async () => {
  const options = makeDataset('csv', { folds: '3', validation: 'held-out' });
  const { job } = await reconciled(options);
  expect(job.plan.validatedOn).toEqual(['validation']);
  const labeled = await idsOfSet(job, 'labeled');
  const judges = await idsOfSet(job, 'validation');
  const left: string[] = [];
  for (let fold = 0; fold < 3; fold++) {
    const ids = await idsOf(await trueLabelSetWithout(job, fold));
    const inFold = judges.filter((id) => foldOf(id, foldsOf(job.plan)) === fold);
    expect(ids).toEqual([...labeled, ...judges.filter((id) => !inFold.includes(id))]);
    left.push(...inFold);
  }
  expect(left.toSorted()).toEqual(judges.toSorted());
});

test('with cross-fitting, a fold has labels of both sets', async () => {
  const { job } = await reconciled(makeDataset('csv', { folds: '3' }));
  const all = await idsOfSet(job, 'labeled', 'validation');
  for (let fold = 0; fold < 3; fold++) {
    const ids = await idsOf(await trueLabelSetWithout(job, fold));
    expect(ids).toEqual(all.filter((id) => foldOf(id, foldsOf(job.plan)) !== fold));
  }
});

test('a filtered source keeps the order, and its count is that of the labels file', async () => {
  const { job } = await reconciled(makeDataset('csv'));
  const [source] = await trueLabelSet(job);
  const [first] = await countedShards(job, 'labeled');
  const all = await idsOf([source!]);
  const includes = (id: string) => all.indexOf(id) % 3 === 0;
  const count = await countIncluded(job, first!.item, includes);
  expect(await idsOf([filterSource(source!, includes, count)])).toEqual(all.filter(includes));
});

test('a sample is the same at every call, differs by seed, and is everything if all fit', async () => {
  const { job } = await reconciled(makeDataset('csv'));
  const ids = await idsOfSet(job, 'unlabeled');
  const draw = async (size: number, seed: number) =>
    ids.filter(await sampleUnlabeled(job, size, seed));
  expect(await draw(20, 1)).toEqual(await draw(20, 1));
  expect(await draw(20, 1)).not.toEqual(await draw(20, 2));
  expect(await draw(ids.length, 1)).toEqual(ids);
  // Each of n examples is drawn with probability 20 / n: four standard deviations are below 18.
  expect(Math.abs((await draw(20, 1)).length - 20)).toBeLessThan(18);
});

test('rows are joined with examples by id', async () => {
  const { job } = await reconciled(makeDataset('csv'));
  const [first] = await countedShards(job, 'unlabeled');
  async function* rows(change: (ids: string[]) => string[]) {
    const ids: string[] = [];
    for await (const { example } of labeledShard(job, first!.item)) {
      ids.push(example.id);
    }
    for (const id of change(ids)) yield { id, known: id.length };
  }
  const joined = await collect(
    joinedShard(
      job,
      first!.item,
      rows((ids) => ids),
    ),
  );
  for (const { example, row } of joined) expect(row.id).toBe(example.id);
  const reversed = joinedShard(
    job,
    first!.item,
    rows((ids) => ids.toReversed()),
  );
  await expect(collect(reversed)).rejects.toThrow('The files of a shard disagree');
});
