import { readLabelsSummary } from '../data/tables/labels-file.ts';
import { createWeightsWriter } from '../data/tables/weights-file.ts';
import { margins } from '../debias/margin.ts';
import { createWeightEstimator } from '../debias/weights.ts';
import { teacherLabels } from '../distill/sets.ts';
import { studentInputs } from '../distill/student-inputs.ts';
import { readModelFiles } from '../models/model-files.ts';
import { loadModel, type Student } from '../models/student.ts';
import type { Context } from '../run/context.ts';
import type { ShardEvent } from '../run/events.ts';
import { type Job, openJob } from '../run/job.ts';
import { keys } from '../run/keys.ts';
import { readShard } from '../run/objects-file.ts';
import { oneSlot } from '../run/one-slot.ts';
import { toPoints, validationFileSchema } from '../run/validation-file.ts';
import { readJson, writeOnce } from '../store/once.ts';

/**
 * Weigh: computes the debiasing weight of each example of one unlabeled shard, for the student f₀
 * of Warm up. These are the weights of the first epoch.
 *
 * @returns 1, because Step Functions keeps the answers of all shards in 256 KiB.
 */
export async function weighShard(event: ShardEvent, context: Context): Promise<1> {
  const job = await openJob(event);
  const shard = await readShard(job, event.shard);
  const key = keys.weights(job.run, shard.id);
  const { labeled } = await readLabelsSummary(job.results, teacherLabels(job)(shard.id));
  if (!(await job.results.head(key))) {
    await writeOnce(job.results, key, await weigh(job, event, context));
  }
  context.report({ stage: 'Weigh', part: shard.id, done: labeled, total: labeled });
  return 1;
}

async function weigh(job: Job, event: ShardEvent, context: Context): Promise<Uint8Array> {
  const student = await openedStudent(job);
  const { config, classes } = job.plan;
  const validation = await readJson(job.results, keys.validation(job.run), validationFileSchema);
  const estimator = createWeightEstimator(toPoints(validation), config.weights);
  const writer = createWeightsWriter();
  let done = 0;
  for await (const { values, examples } of studentInputs(job, event.shard)) {
    context.signal.throwIfAborted();
    const n = examples.length;
    const teacherMargins = Float32Array.from(examples, ({ row }) => row.margin);
    const studentMargins = margins(student.predict(values, n), classes.length);
    const weights = new Float32Array(n);
    const errorProbabilities = new Float32Array(n);
    const distortions = new Float32Array(n);
    estimator.estimate(teacherMargins, studentMargins, {
      weights,
      errorProbabilities,
      distortions,
    });
    const ids = examples.map(({ example }) => example.id);
    writer.append({
      ids,
      teacherMargins,
      studentMargins,
      errorProbabilities,
      distortions,
      weights,
    });
    done += n;
    context.report({ stage: 'Weigh', part: event.shard.id, done, unit: 'examples' });
  }
  return writer.finish();
}

/** Cache: a process usually weighs many shards of one run. */
const cachedStudent = oneSlot<Student>();

function openedStudent({ run, results }: Job): Promise<Student> {
  return cachedStudent(run, async () => loadModel(await readModelFiles(results, keys.warmup(run))));
}
