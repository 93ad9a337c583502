/** The sets of a run as the stages after Label read them: examples joined with their labels. */
import { readAhead } from '../data/ahead.ts';
import { classLookup, unknownLabel } from '../data/classes.ts';
import { createEncoder, type Decoded, type Encoder, isDecoded } from '../data/encode.ts';
import type { Example } from '../data/example.ts';
import type { Features } from '../data/features.ts';
import { foldOf } from '../data/folds.ts';
import { joinExamples } from '../data/join.ts';
import { type LabelRow, readLabels, readLabelsSummary } from '../data/labels-file.ts';
import { readExamples } from '../data/read.ts';
import type { SetName } from '../data/shard.ts';
import { UserError } from '../errors.ts';
import { readJson } from '../store/once.ts';
import type { ShardSource } from '../train/stream.ts';
import type { ShardItem } from './events.ts';
import { type Job, shardItems } from './job.ts';
import { keys } from './keys.ts';
import { readShard } from './objects-file.ts';
import { foldsOf } from './plan-file.ts';
import { reconcileSchema } from './reconcile-file.ts';
import { oneHot, type TrainingExample } from './training-example.ts';

/** Of all students, so that batches of several go side by side. */
const batchSize = 256;

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
  for await (const { example } of labeledShard(job, item)) {
    const target = oneHot(classOf(example, item.set), job.plan.classes.length);
    yield { example, target, teacherMargin: Number.NaN, weight: 1 };
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

/** n examples of a set, decoded for a student. */
export interface DecodedBatch {
  readonly decoded: readonly Decoded[];
  readonly examples: readonly LabeledExample[];
}

/** A shard's usable examples in batches; the next is decoded while the student works on one. */
export async function* decodedBatches(
  job: Job,
  item: ShardItem,
  encoder: Encoder,
): AsyncGenerator<DecodedBatch, undefined> {
  const decode = async (labeled: LabeledExample) => ({
    labeled,
    decoded: await decodeForStudent(encoder, labeled.example),
  });
  let batch: { labeled: LabeledExample; decoded: Decoded }[] = [];
  const take = (): DecodedBatch => {
    const decoded = batch.map((one) => one.decoded);
    const examples = batch.map(({ labeled }) => labeled);
    batch = [];
    return { decoded, examples };
  };
  for await (const one of readAhead(labeledShard(job, item), batchSize, decode)) {
    batch.push(one);
    if (batch.length === batchSize) yield take();
  }
  if (batch.length > 0) yield take();
}

/** Label decoded the same example for the teacher, so here it can only fail for other features. */
export async function decodeForStudent(encoder: Encoder, example: Example): Promise<Decoded> {
  const decoded = await encoder.decode(example);
  if (isDecoded(decoded)) return decoded;
  throw new UserError(
    `the example '${decoded.id}' was labeled but cannot be fed to the student: ${decoded.reason}`,
    'Mend or remove it.',
  );
}

/** n examples of a set, ready for a student. */
export interface StudentInputs {
  /** [n, ...featureShape], normalised as the plan's features say. */
  readonly values: Float32Array;
  readonly examples: readonly LabeledExample[];
}

/**
 * A shard's usable examples in batches, decoded for a student, without augmentation.
 * @param features what the student is fed; its own, where it is not one of this run.
 */
export async function* studentInputs(
  job: Job,
  item: ShardItem,
  features: Features = job.plan.features,
): AsyncGenerator<StudentInputs, undefined> {
  const encoder = createEncoder(features);
  for await (const { decoded, examples } of decodedBatches(job, item, encoder)) {
    yield { values: normalizedRows(encoder, decoded), examples };
  }
}

/** What was decoded, normalised, row by row. */
export function normalizedRows(encoder: Encoder, decoded: readonly Decoded[]): Float32Array {
  // Decoded examples of a set all have one length.
  const length = decoded[0]?.length ?? 0;
  const values = new Float32Array(decoded.length * length);
  decoded.forEach((example, row) => {
    encoder.normalize(example, values, row * length);
  });
  return values;
}
