import { concatenate } from '../arrays.ts';
import { createDigester, toHex } from '../data/content-digest.ts';
import type { ExampleDigests } from '../data/example-digests.ts';
import { createWeightsWriter } from '../data/tables/weights-file.ts';
import { decisionRows, everyNth, setEveryNth } from '../debias/decisions.ts';
import { margins } from '../debias/margin.ts';
import {
  createWeightEstimator,
  type EstimateColumns,
  type WeightEstimator,
} from '../debias/weights.ts';
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
import { planDecisions } from '../run/plan-file.ts';
import { readTestDigests } from '../run/test-digests-file.ts';
import { pointsByDecision, validationFileSchema } from '../run/validation-file.ts';
import { readJson, writeOnce } from '../store/once.ts';
import { namesOf } from '../table.ts';

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
    await writeOnce(job.results, key, await weigh(job, key, event, context));
  }
  context.report({ stage: 'Weigh', part: shard.id, done: labeled, total: labeled });
  return 1;
}

async function weigh(
  job: Job,
  key: string,
  event: ShardEvent,
  context: Context,
): Promise<Uint8Array> {
  const { student, tests } = await openedWeighing(job);
  const decisions = planDecisions(job.plan);
  const { perExample } = decisions;
  const validation = await readJson(job.results, keys.validation(job.run), validationFileSchema);
  const estimators = pointsByDecision(validation, perExample).map((points) =>
    createWeightEstimator(points, job.plan.config.weights),
  );
  const testCopies = new Set<string>();
  const writer = createWeightsWriter(key, perExample);
  let done = 0;
  for await (const { rows, examples } of studentInputs(job, event.shard)) {
    context.signal.throwIfAborted();
    const ids = examples.map(({ example }) => example.id);
    const teacherMargins = concatenate(examples.map(({ row }) => row.margins));
    const outputs = decisionRows(student.predict(rows), decisions);
    const studentMargins = margins(outputs, decisions.classes);
    const estimates = estimateAll(estimators, teacherMargins, studentMargins);
    for (const digest of copiesIn(examples, tests, job)) testCopies.add(digest);
    writer.append({ ids, teacherMargins, studentMargins, ...estimates });
    done += examples.length;
    context.report({ stage: 'Weigh', part: event.shard.id, done, unit: 'examples' });
  }
  return writer.finish([...testCopies]);
}

/**
 * Estimates n examples, each decision by its estimator.
 *
 * @param teacherMargins [n, perExample]
 * @param studentMargins [n, perExample]
 */
function estimateAll(
  estimators: readonly WeightEstimator[],
  teacherMargins: Float32Array,
  studentMargins: Float32Array,
): Required<EstimateColumns> {
  const perExample = estimators.length;
  const all = columnsOf(teacherMargins.length);
  for (const [decision, estimator] of estimators.entries()) {
    const own = columnsOf(teacherMargins.length / perExample);
    const [teacher, student] = [teacherMargins, studentMargins].map((values) =>
      everyNth(values, 1, decision, perExample),
    );
    estimator.estimate(teacher!, student!, own);
    for (const name of namesOf(own)) setEveryNth(all[name], own[name], decision, perExample);
  }
  return all;
}

function columnsOf(n: number): Required<EstimateColumns> {
  return {
    weights: new Float32Array(n),
    errorProbabilities: new Float32Array(n),
    distortions: new Float32Array(n),
  };
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
  return cachedWeighing(`${results.location}/${run}`, async () => {
    const tests = await readTestDigests({ run, results });
    const student = await loadModel(await readModelFiles(results, keys.warmup(run)));
    return { student, tests, dispose: () => student.dispose() };
  });
}
