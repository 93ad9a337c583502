import { createDigester, toHex } from '../data/content-digest.ts';
import { ExampleDigests } from '../data/example-digests.ts';
import { createWeightsWriter } from '../data/tables/weights-file.ts';
import { margins } from '../debias/margin.ts';
import { createWeightEstimator } from '../debias/weights.ts';
import { readUsableSummary } from '../distill/encoded-examples.ts';
import { type LabeledExample, teacherLabels } from '../distill/sets.ts';
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
import { readBytes, readJson, writeOnce } from '../store/once.ts';

/**
 * Weigh: computes the debiasing weight of each example of one unlabeled shard, for the student f₀
 * of Warm up. These are the weights of the first epoch. Since it reads every unlabeled example, it
 * also finds those that are in the test set.
 *
 * @returns 1, because Step Functions keeps the answers of all shards in 256 KiB.
 */
export async function weighShard(event: ShardEvent, context: Context): Promise<1> {
  const job = await openJob(event);
  const shard = await readShard(job, event.shard);
  const key = keys.weights(job.run, shard.id);
  const { labeled } = await readUsableSummary(job, shard.id, teacherLabels(job)(shard.id));
  if (!(await job.results.head(key))) {
    await writeOnce(job.results, key, await weigh(job, event, context));
  }
  context.report({ stage: 'Weigh', part: shard.id, done: labeled, total: labeled });
  return 1;
}

async function weigh(job: Job, event: ShardEvent, context: Context): Promise<Uint8Array> {
  const { student, tests } = await openedWeighing(job);
  const { config, classes } = job.plan;
  const validation = await readJson(job.results, keys.validation(job.run), validationFileSchema);
  const estimator = createWeightEstimator(toPoints(validation), config.weights);
  const testCopies = new Set<string>();
  const writer = createWeightsWriter();
  let done = 0;
  for await (const { rows, examples } of studentInputs(job, event.shard)) {
    context.signal.throwIfAborted();
    const n = examples.length;
    const teacherMargins = Float32Array.from(examples, ({ row }) => row.margin);
    const studentMargins = margins(student.predict(rows), classes.length);
    const weights = new Float32Array(n);
    const errorProbabilities = new Float32Array(n);
    const distortions = new Float32Array(n);
    estimator.estimate(teacherMargins, studentMargins, {
      weights,
      errorProbabilities,
      distortions,
    });
    for (const digest of copiesIn(examples, tests, job)) testCopies.add(digest);
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
  return writer.finish([...testCopies]);
}

/** Returns the digests, in hex, of the examples that are in the test set, too. */
function copiesIn(examples: readonly LabeledExample[], tests: ExampleDigests, { plan }: Job) {
  if (tests.isEmpty) return [];
  const digest = createDigester(plan.features);
  return examples
    .map(({ example }) => digest(example.content))
    .filter((found) => tests.mark(found, 'unlabeled'))
    .map(toHex);
}

/** Inputs that the shards of a run share. */
interface Weighing {
  /** f₀. */
  readonly student: Student;
  /** The test examples. */
  readonly tests: ExampleDigests;
  dispose(): void;
}

/** Cache: a process usually weighs many shards of one run. */
const cachedWeighing = oneSlot<Weighing>();

function openedWeighing({ run, results }: Job): Promise<Weighing> {
  return cachedWeighing(run, async () => {
    const tests = ExampleDigests.fromBytes(await readBytes(results, keys.testDigests(run)));
    const student = await loadModel(await readModelFiles(results, keys.warmup(run)));
    return { student, tests, dispose: () => student.dispose() };
  });
}
