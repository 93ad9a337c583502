import { createEncoder, isDecoded } from '../data/encode.ts';
import { type Example, isRejected } from '../data/example.ts';
import { type Folds, foldOf } from '../data/folds.ts';
import { readExamples } from '../data/read.ts';
import { UserError } from '../errors.ts';
import { foldFolder } from '../models/teachers/trained.ts';
import { sum } from '../train/order.ts';
import type { ShardSource } from '../train/stream.ts';
import type { Context } from './context.ts';
import type { JobEvent, ShardItem } from './events.ts';
import { type Job, openJob, shardItems } from './job.ts';
import { keys } from './keys.ts';
import { isModelSaved } from './model-files.ts';
import { readShard } from './objects-file.ts';
import { foldsOf } from './plan-file.ts';
import { trueClass } from './sets.ts';
import { trainNetwork } from './training.ts';
import { oneHot, type TrainingExample } from './training-example.ts';

/**
 * Train teacher: teachers of our own, from the labeled set, one a fold (`data/folds.ts`). They are
 * kept under a digest of all that decides them, so another run with the same ones does not train
 * them again.
 */
export async function trainTeacher(event: JobEvent, context: Context): Promise<{ folder: string }> {
  const job = await openJob(event);
  const { config, teacher } = job.plan;
  const folder = keys.teacher(teacher.digest);
  const network = config.teacher.train;
  if (!network) throw new Error('the workflow trains a teacher only when the config asks for it');
  const folds = foldsOf(job.plan);
  let shards: UsableShard[] | undefined;
  for (let fold = 0; fold < folds.count; fold++) {
    const own = foldFolder(folder, fold);
    if (await isModelSaved(job.results, own)) continue;
    shards ??= await usableShards(job, folds);
    const labeled = shards.map((shard) => withoutFold(job, shard, fold, folds));
    if (labeled.every(({ count }) => count === 0)) throw tooFewFor(folds);
    const part = folds.count > 1 ? { part: `${fold + 1} of ${folds.count}` } : {};
    const seed = config.seed + fold;
    const loss = { kind: config.teacher.loss };
    const task = { stage: 'Train teacher', ...part, folder: own, network, seed, loss, labeled };
    await trainNetwork(job, task, context);
  }
  return { folder };
}

function tooFewFor({ count }: Folds): UserError {
  return new UserError(
    `the labeled set has too few examples for ${count} folds: all are in the same one`,
    'Label a few hundred examples, or set folds: 1 in distill.yaml.',
  );
}

/** A shard of the labeled set; Label has not yet sorted out what cannot be decoded. */
interface UsableShard {
  readonly item: ShardItem;
  readonly undecodable: ReadonlySet<string>;
  /** How many usable examples each fold has. */
  readonly counts: readonly number[];
}

async function usableShards(job: Job, folds: Folds): Promise<UsableShard[]> {
  const encoder = createEncoder(job.plan.features);
  const shards: UsableShard[] = [];
  for (const item of await shardItems(job, 'labeled')) {
    const undecodable = new Set<string>();
    const counts = new Array<number>(folds.count).fill(0);
    for await (const example of examplesOf(job, item)) {
      if (isDecoded(await encoder.decode(example))) counts[foldOf(example.id, folds)]! += 1;
      else undecodable.add(example.id);
    }
    shards.push({ item, undecodable, counts });
  }
  return shards;
}

/** What the teacher of a fold learns: all but the fold; with one fold, all. */
function withoutFold(
  job: Job,
  { item, undecodable, counts }: UsableShard,
  fold: number,
  folds: Folds,
): ShardSource<TrainingExample> {
  const classes = job.plan.classes.length;
  const classOf = trueClass(job);
  const learns = (of: number) => folds.count === 1 || of !== fold;
  return {
    count: sum(counts.filter((_, of) => learns(of))),
    async *open() {
      for await (const example of examplesOf(job, item)) {
        if (undecodable.has(example.id) || !learns(foldOf(example.id, folds))) continue;
        const target = oneHot(classOf(example, 'labeled'), classes);
        yield { example, target, teacherMargin: Number.NaN, weight: 1 };
      }
    },
  };
}

async function* examplesOf(job: Job, item: ShardItem): AsyncIterable<Example> {
  const shard = await readShard(job, item);
  for await (const example of readExamples(job.data, shard, job.plan.config)) {
    if (!isRejected(example)) yield example;
  }
}
