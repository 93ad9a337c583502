/** The method `lelp`: a student that learns the subclasses of classes; see `debias/lelp.ts`. */
import { z } from 'zod';
import { sum } from '../../arrays.ts';
import { hashToUnit, randomFor } from '../../data/random.ts';
import { readLabels } from '../../data/tables/labels-file.ts';
import {
  EmbeddingStatistics,
  randomRotation,
  type Subclasses,
  subclassTargets,
} from '../../debias/lelp.ts';
import { UserError } from '../../errors.ts';
import { splitOutputs } from '../../models/subclass-outputs.ts';
import type { Job } from '../../run/job.ts';
import { keys } from '../../run/keys.ts';
import { readJson, writeJsonOnce } from '../../store/once.ts';
import type { ShardSource } from '../../train/stream.ts';
import { countedShards, teacherLabels } from '../sets.ts';
import type { TrainingTask } from '../training.ts';
import type { TrainingExample } from '../training-example.ts';

const subclassesSchema = z.strictObject({
  subclasses: z.int(),
  directions: z.array(z.array(z.number())),
  offsets: z.array(z.number()),
});

/** So many unlabeled examples tell the directions; each takes time by the square of the embedding. */
const examplesToSplitBy = 10_000;

/** A student's training, where nothing is left to defaults that this changes. */
export type StudentTask = TrainingTask & Required<Pick<TrainingTask, 'model' | 'unlabeled'>>;

/**
 * The task with every class split: the model's outputs and what it is to learn.
 * @param task its model is disposed of.
 * @param folder of the student; what the classes are split by is kept in it.
 */
export async function withSubclasses(
  job: Job,
  folder: string,
  task: StudentTask,
): Promise<StudentTask> {
  const key = keys.subclasses(folder);
  if (!(await job.results.head(key))) {
    await writeJsonOnce(job.results, key, await findSubclasses(job, task.seed));
  }
  const found = await readJson(job.results, key, subclassesSchema);
  const model = await splitOutputs(task.model, found.subclasses);
  task.model.dispose();
  return {
    ...task,
    model,
    subclasses: found.subclasses,
    labeled: task.labeled.map((source) => splitSource(source, found)),
    unlabeled: task.unlabeled.map((source) => splitSource(source, found)),
  };
}

async function findSubclasses(job: Job, seed: number): Promise<Subclasses> {
  const { classes, config } = job.plan;
  const shards = await countedShards(job, 'unlabeled');
  const share = examplesToSplitBy / sum(shards.map(({ count }) => count));
  let statistics: EmbeddingStatistics | undefined;
  for (const { item } of shards) {
    for await (const row of readLabels(job.results, teacherLabels(job)(item.id))) {
      if (hashToUnit(row.id, seed) >= share) continue;
      const embedding = finiteEmbedding(row.id, row.embedding);
      statistics ??= new EmbeddingStatistics(embedding.length, classes.length);
      statistics.add(embedding, row.prediction, row.probabilities);
    }
  }
  const { subclasses } = config.lelp;
  return statistics!.split(subclasses, (index) =>
    randomRotation(subclasses, randomFor(seed, index)),
  );
}

/** @throws UserError when it is none. */
function finiteEmbedding(id: string, embedding: Float32Array | undefined): Float32Array {
  // That there is one, the config has made sure of.
  if (embedding!.every(Number.isFinite)) return embedding!;
  throw new UserError(
    `the teacher's embedding of the example '${id}' has a number that is not finite`,
    'Method lelp splits the classes by the embeddings: mend the model, or take another method.',
  );
}

function splitSource(
  { count, open }: ShardSource<TrainingExample>,
  subclasses: Subclasses,
): ShardSource<TrainingExample> {
  return {
    count,
    async *open() {
      for await (const learned of open()) {
        const embedding = finiteEmbedding(learned.example.id, learned.embedding);
        yield { ...learned, target: subclassTargets(subclasses, embedding, learned.target) };
      }
    },
  };
}
