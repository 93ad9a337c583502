/** The sets of a run as the stages after Label read them: examples joined with their labels. */
import { classLookup, unknownLabel } from '../data/classes.ts';
import type { Example } from '../data/example.ts';
import { foldOf } from '../data/folds.ts';
import { readExamples } from '../data/read.ts';
import type { SetName } from '../data/shard.ts';
import { joinExamples } from '../data/tables/join.ts';
import { type LabelRow, readLabels, readLabelsSummary } from '../data/tables/labels-file.ts';
import type { ShardItem } from '../run/events.ts';
import { type Job, shardItems } from '../run/job.ts';
import { keys } from '../run/keys.ts';
import { readShard } from '../run/objects-file.ts';
import { foldsOf } from '../run/plan-file.ts';
import { reconcileSchema } from '../run/reconcile-file.ts';
import { readJson } from '../store/once.ts';
import type { ShardSource } from '../train/stream.ts';
import { oneHot, type TrainingExample } from './training-example.ts';

/** An example with what the teacher says of it. */
export interface LabeledExample {
  readonly example: Example;
  readonly row: LabelRow;
}

/** A shard and how many usable examples it has. */
export interface CountedShard {
  readonly item: ShardItem;
  readonly count: number;
}

/** The shards of some sets, in the order of the plan, as Reconcile counted them. */
export async function countedShards(
  job: Job,
  ...wanted: readonly SetName[]
): Promise<CountedShard[]> {
  const { shards } = await readJson(job.results, keys.reconcile(job.run), reconcileSchema);
  const counted = (await shardItems(job)).map((item, place) => ({ item, count: shards[place]! }));
  return counted.filter(({ item }) => wanted.includes(item.set));
}

/** Where the labels of a shard are. */
export type LabelsKey = (shard: string) => string;

/** Those that Label made. */
export function teacherLabels({ plan }: Job): LabelsKey {
  return (shard) => keys.labels(plan.teacher.digest, shard);
}

/** The usable examples of one shard with their labels, in order. */
export async function* labeledShard(
  job: Job,
  item: ShardItem,
  labels = teacherLabels(job),
): AsyncGenerator<LabeledExample> {
  const shard = await readShard(job, item);
  // What the teacher could not use, nobody uses.
  const { quarantined } = await readLabelsSummary(job.results, teacherLabels(job)(item.id));
  const left = new Set(quarantined.map(({ id }) => id));
  const examples = readExamples(job.data, shard, job.plan.config);
  yield* joinExamples(examples, readLabels(job.results, labels(item.id)), left);
}

/** The class of an example of the labeled, validation or test set. */
export function trueClass(job: Job): (example: Example, set: SetName) => number {
  const lookup = classLookup(job.plan.classes);
  return (example, set) => {
    const index = lookup(example.label);
    if (index === undefined) throw unknownLabel(example, set, job.plan.classes);
    return index;
  };
}

/**
 * The examples whose true labels the student learns, each with weight 1: the labeled set and the
 * validation set. A student that has learned the validation set doubts the teacher where the
 * teacher is wrong on it. One that has not, has learned the teacher's mistakes as if they were
 * true: its loss on them is small, the distortion below 1, and no weight falls.
 */
export async function trueLabelSet(job: Job): Promise<ShardSource<TrainingExample>[]> {
  const shards = await countedShards(job, 'labeled', 'validation');
  return shards.map(({ item, count }) => ({ count, open: () => trueLabels(job, item) }));
}

async function* trueLabels(job: Job, item: ShardItem): AsyncGenerator<TrainingExample> {
  const classOf = trueClass(job);
  for await (const { example, row } of labeledShard(job, item)) {
    const target = oneHot(classOf(example, item.set), job.plan.classes.length);
    const { embedding } = row;
    yield { example, target, embedding, teacherMargin: Number.NaN, weight: 1 };
  }
}

/** The true labels but those of a fold of the set that the students are judged on. */
export async function trueLabelsWithout(
  job: Job,
  fold: number,
): Promise<ShardSource<TrainingExample>[]> {
  const folds = foldsOf(job.plan);
  const classOf = trueClass(job);
  const learns = (item: ShardItem, id: string) =>
    item.set !== job.plan.validatedOn || foldOf(id, folds) !== fold;
  const shards: ShardSource<TrainingExample>[] = [];
  for (const { item } of await countedShards(job, 'labeled', 'validation')) {
    let count = 0;
    for await (const { id } of readLabels(job.results, teacherLabels(job)(item.id))) {
      if (learns(item, id)) count++;
    }
    shards.push({
      count,
      async *open() {
        for await (const { example } of labeledShard(job, item)) {
          if (!learns(item, example.id)) continue;
          const target = oneHot(classOf(example, item.set), job.plan.classes.length);
          yield { example, target, teacherMargin: Number.NaN, weight: 1 };
        }
      },
    });
  }
  return shards;
}
