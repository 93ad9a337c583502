/** The preparation of the method `lelp`: a student that learns subclasses (`debias/lelp.ts`). */
import { z } from 'zod';
import { randomFor } from '../../data/random.ts';
import { lelp, type Subclasses, subclassTargets } from '../../debias/lelp.ts';
import { EmbeddingStatistics, randomRotation } from '../../debias/lelp-split.ts';
import { UserError } from '../../errors.ts';
import { isNgrams, type TrainableModel } from '../../models/trainable.ts';
import { type Job, shardItems } from '../../run/job.ts';
import { readJson, writeJsonOnce } from '../../store/once.ts';
import type { ShardSource } from '../../train/stream.ts';
import type { Preparation } from '../preparation.ts';
import { sampleUnlabeled, teacherLabels, usableLabels } from '../sets.ts';
import type { StudentTask } from '../training.ts';
import type { TrainingExample } from '../training-example.ts';

const subclassesSchema = z.strictObject({
  subclasses: z.int(),
  directions: z.array(z.array(z.number())),
  offsets: z.array(z.number()),
});

/** Enough examples to estimate the directions; cost per example is O(embeddingSize²). */
const examplesToSplitBy = 10_000;

/** Finds the subclasses, and splits the student's outputs and targets by them. */
export const prepare: Preparation = async (job, variant, folder) => {
  const key = `${folder}subclasses.json`;
  if (!(await job.results.head(key))) {
    await writeJsonOnce(job.results, key, await findSubclasses(job, variant.seed));
  }
  const split = await readJson(job.results, key, subclassesSchema);
  return { variant, labels: teacherLabels(job), adapt: (task) => splitTask(task, split) };
};

/** Splits every class of a training. Disposes of the task's model. */
async function splitTask(task: StudentTask, split: Subclasses): Promise<StudentTask> {
  const model = await splitModel(task.model, split.subclasses);
  task.model.dispose();
  return {
    ...task,
    model,
    subclasses: split.subclasses,
    labeled: task.labeled.map((source) => splitSource(source, split)),
    unlabeled: task.unlabeled.map((source) => splitSource(source, split)),
  };
}

async function splitModel(model: TrainableModel, subclasses: number): Promise<TrainableModel> {
  if (isNgrams(model)) return model.split(subclasses);
  const { splitOutputs } = await import('../../models/subclass-outputs.ts');
  return splitOutputs(model, subclasses);
}

async function findSubclasses(job: Job, seed: number): Promise<Subclasses> {
  const { classes, config } = job.plan;
  const isSampled = await sampleUnlabeled(job, examplesToSplitBy, seed);
  let statistics: EmbeddingStatistics | undefined;
  for (const item of await shardItems(job, 'unlabeled')) {
    for await (const row of usableLabels(job, item)) {
      if (!isSampled(row.id)) continue;
      const embedding = finiteEmbedding(row.id, row.embedding);
      statistics ??= new EmbeddingStatistics(embedding.length, classes.length);
      statistics.add(embedding, row.predictions[0]!, row.probabilities);
    }
  }
  const { subclasses } = config.lelp;
  return statistics!.split(subclasses, (index) =>
    randomRotation(subclasses, randomFor(seed, index)),
  );
}

/** @throws UserError if a number of the embedding is not finite. */
function finiteEmbedding(id: string, embedding: Float32Array | undefined): Float32Array {
  // The config schema guarantees an embedding.
  if (embedding!.every(Number.isFinite)) return embedding!;
  throw new UserError(
    `the teacher's embedding of the example '${id}' has a number that is not finite`,
    `Method ${lelp.name} splits the classes by the embeddings: correct the model, or use another method.`,
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
