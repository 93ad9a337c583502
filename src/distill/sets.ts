/** The sets of a run as the stages after Label read them: examples joined with their labels. */
import { sum } from '../arrays.ts';
import { decisionLookup } from '../data/classes.ts';
import type { Example } from '../data/example.ts';
import { foldOf } from '../data/folds.ts';
import { unknownLabel } from '../data/label-check.ts';
import { hashToUnit } from '../data/random.ts';
import type { SetName } from '../data/shard.ts';
import { joinExamples } from '../data/tables/join.ts';
import { type LabelRow, readLabels } from '../data/tables/labels-file.ts';
import type { ShardItem } from '../run/events.ts';
import { type Job, shardItems } from '../run/job.ts';
import { keys } from '../run/keys.ts';
import { readShard } from '../run/objects-file.ts';
import { foldsOf, planDecisions } from '../run/plan-file.ts';
import { reconcileSchema } from '../run/reconcile-file.ts';
import { readJson } from '../store/once.ts';
import type { ShardSource } from '../train/stream.ts';
import { encodersOf, readEncoded, readUsableSummary } from './encoded-examples.ts';
import { type TrainingExample, trueSupervision } from './training-example.ts';

/** An example with its row of a labels file. */
export interface LabeledExample {
  readonly example: Example;
  readonly row: LabelRow;
}

/** A shard with its number of usable examples. */
export interface CountedShard {
  readonly item: ShardItem;
  readonly count: number;
}

/** Lists the shards of some sets, in the order of the plan, with the counts of Reconcile. */
export async function countedShards(
  job: Job,
  ...wanted: readonly SetName[]
): Promise<CountedShard[]> {
  const { shards } = await readJson(job.results, keys.reconcile(job.run), reconcileSchema);
  const counted = (await shardItems(job)).map((item, index) => ({ item, count: shards[index]! }));
  return counted.filter(({ item }) => wanted.includes(item.set));
}

/** Returns the key of a shard's labels file. */
export type LabelsKey = (shard: string) => string;

/** The labels files that Label wrote. */
export function teacherLabels({ plan }: Job): LabelsKey {
  return (shard) => keys.labels(plan.teacher.labels, shard);
}

/** Options for reading examples with their labels. */
export interface LabeledOptions {
  /** Default: those that Label wrote. */
  readonly labels?: LabelsKey;
  /** Digests of the encoders whose embeddings are joined. Default: those of the run. */
  readonly encoders?: readonly string[];
}

/** Yields the usable examples of a shard with their labels, in order. */
export function labeledShard(
  job: Job,
  item: ShardItem,
  { labels = teacherLabels(job), encoders }: LabeledOptions = {},
): AsyncGenerator<LabeledExample> {
  return joinedShard(job, item, usableLabels(job, item, labels), encoders);
}

/** Reads the labels of a shard, without the examples that an encoder could not embed. */
export async function* usableLabels(
  job: Job,
  { id }: ShardItem,
  labels = teacherLabels(job),
): AsyncGenerator<LabelRow> {
  const { withoutEmbedding } = await readUsableSummary(job, id, teacherLabels(job)(id));
  for await (const row of readLabels(job.results, labels(id))) {
    if (!withoutEmbedding.has(row.id)) yield row;
  }
}

/**
 * Yields the usable examples of a shard, in order, each with the row of the same id.
 *
 * @param rows of any file about the shard.
 * @param encoders Digests of the encoders whose embeddings are joined. Default: those of the run.
 * @throws UserError if an example has no row or a row no example.
 */
export async function* joinedShard<Row extends { readonly id: string }>(
  job: Job,
  item: ShardItem,
  rows: AsyncIterable<Row>,
  encoders: readonly string[] = encodersOf(job),
): AsyncGenerator<{ readonly example: Example; readonly row: Row }> {
  const shard = await readShard(job, item);
  // An example that the teacher could not label is left out everywhere.
  const { quarantined } = await readUsableSummary(job, item.id, teacherLabels(job)(item.id));
  const left = new Set(quarantined.map(({ id }) => id));
  yield* joinExamples(readEncoded(job, shard, encoders), rows, left);
}

/** Returns the true decisions, [perExample], of an example of a labeled set. */
export function trueDecisions({ plan }: Job): (example: Example, set: SetName) => Int32Array {
  const { classes } = plan;
  const decisions = planDecisions(plan);
  const lookup = decisionLookup(classes, decisions);
  return (example, set) => {
    const decided = lookup(example.label);
    if (decided === undefined) throw unknownLabel(example, set, classes, decisions);
    return decided;
  };
}

/** Returns the class of an example of a labeled set, in a task with one class per example. */
export function trueClass(job: Job): (example: Example, set: SetName) => number {
  const decisionsOf = trueDecisions(job);
  return (example, set) => decisionsOf(example, set)[0]!;
}

/**
 * Returns the examples with true labels, each with weight 1: the labeled and the validation set. A
 * student that learned the validation labels has a large loss on the teacher's mistakes there.
 * Without them, it would learn these mistakes: its loss on them would be small, the distortion
 * below 1, and no weight would fall.
 */
export async function trueLabelSet(job: Job): Promise<ShardSource<TrainingExample>[]> {
  const shards = await countedShards(job, 'labeled', 'validation');
  return shards.map(({ item, count }) => trueLabelSource(job, item, count));
}

/** Returns a shard of a labeled set with its true labels. @param count Its usable examples. */
export function trueLabelSource(
  job: Job,
  item: ShardItem,
  count: number,
): ShardSource<TrainingExample> {
  const decisions = planDecisions(job.plan);
  const trueOf = trueDecisions(job);
  return {
    count,
    async *open() {
      for await (const { example, row } of labeledShard(job, item)) {
        const supervision = trueSupervision(trueOf(example, item.set), decisions);
        yield { example, ...supervision, embedding: row.embedding };
      }
    },
  };
}

/** Returns the examples with true labels, except one fold of the sets of `validatedOn`. */
export async function trueLabelSetWithout(
  job: Job,
  fold: number,
): Promise<ShardSource<TrainingExample>[]> {
  const folds = foldsOf(job.plan);
  const sources: ShardSource<TrainingExample>[] = [];
  for (const { item, count } of await countedShards(job, 'labeled', 'validation')) {
    const all = trueLabelSource(job, item, count);
    const judges = job.plan.validatedOn.some((set) => set === item.set);
    const includes = (id: string) => !judges || foldOf(id, folds) !== fold;
    sources.push(filterSource(all, includes, await countIncluded(job, item, includes)));
  }
  return sources;
}

/**
 * Keeps some examples of a source.
 *
 * @param count the number of examples that `includes` accepts.
 */
export function filterSource(
  source: Pick<ShardSource<TrainingExample>, 'open'>,
  includes: (id: string) => boolean,
  count: number,
): ShardSource<TrainingExample> {
  return {
    count,
    async *open() {
      for await (const one of source.open()) if (includes(one.example.id)) yield one;
    },
  };
}

/** Counts the usable examples of a shard that `includes` accepts. Reads its labels file only. */
export async function countIncluded(
  job: Job,
  item: ShardItem,
  includes: (id: string) => boolean,
): Promise<number> {
  let count = 0;
  for await (const { id } of usableLabels(job, item)) {
    if (includes(id)) count++;
  }
  return count;
}

/**
 * Draws a sample of the unlabeled set by a hash of the ids, so every call draws the same.
 *
 * @param size the expected number of examples; all, if there are fewer.
 * @returns whether the sample includes an id.
 */
export async function sampleUnlabeled(
  job: Job,
  size: number,
  seed: number,
): Promise<(id: string) => boolean> {
  const shards = await countedShards(job, 'unlabeled');
  const share = size / sum(shards.map(({ count }) => count));
  return (id) => hashToUnit(id, seed) < share;
}
