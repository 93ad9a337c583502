import { createEncoder, isDecoded } from '../data/encode.ts';
import { type Example, isRejected } from '../data/example.ts';
import { readExamples } from '../data/read.ts';
import type { ShardSource } from '../train/stream.ts';
import type { Context } from './context.ts';
import type { JobEvent, ShardItem } from './events.ts';
import { type Job, openJob, shardItems } from './job.ts';
import { keys } from './keys.ts';
import { isModelSaved } from './model-files.ts';
import { readShard } from './objects-file.ts';
import { trueClass } from './sets.ts';
import { trainNetwork } from './training.ts';
import { oneHot, type TrainingExample } from './training-example.ts';

/**
 * Train teacher: a teacher of our own, from the labeled set. It is kept under a digest of all that
 * decides it, so another run with the same one does not train it again.
 */
export async function trainTeacher(event: JobEvent, context: Context): Promise<{ folder: string }> {
  const job = await openJob(event);
  const { config, teacher } = job.plan;
  const folder = keys.teacher(teacher.digest);
  const network = config.teacher.train;
  if (!network) throw new Error('the workflow trains a teacher only when the config asks for it');
  if (!(await isModelSaved(job.results, folder))) {
    const labeled = await usableExamples(job);
    const task = { stage: 'Train teacher', folder, network, seed: config.seed, labeled };
    await trainNetwork(job, task, context);
  }
  return { folder };
}

/** The labeled examples that can be decoded; Label has not yet sorted out the others. */
async function usableExamples(job: Job): Promise<ShardSource<TrainingExample>[]> {
  const encoder = createEncoder(job.plan.features);
  const classes = job.plan.classes.length;
  const classOf = trueClass(job);
  const shards: ShardSource<TrainingExample>[] = [];
  for (const item of await shardItems(job, 'labeled')) {
    const bad = new Set<string>();
    let count = 0;
    for await (const example of examplesOf(job, item)) {
      if (isDecoded(await encoder.decode(example))) count++;
      else bad.add(example.id);
    }
    shards.push({
      count,
      async *open() {
        for await (const example of examplesOf(job, item)) {
          if (bad.has(example.id)) continue;
          const target = oneHot(classOf(example, 'labeled'), classes);
          yield { example, target, teacherMargin: Number.NaN, weight: 1 };
        }
      },
    });
  }
  return shards;
}

async function* examplesOf(job: Job, item: ShardItem): AsyncIterable<Example> {
  const shard = await readShard(job, item);
  for await (const example of readExamples(job.data, shard, job.plan.config)) {
    if (!isRejected(example)) yield example;
  }
}
