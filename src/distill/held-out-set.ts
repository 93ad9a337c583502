/** A sample of the test set, on which a student is measured after every epoch. */
import { setImmediate } from 'node:timers/promises';
import { sum } from '../arrays.ts';
import { decodedBatches } from '../data/decoded-batches.ts';
import type { Example } from '../data/example.ts';
import { createEncoder, decodedBytes, encoderIn } from '../data/features/index.ts';
import { type Decoded, rowsOf } from '../data/features/kind.ts';
import { hashToUnit } from '../data/random.ts';
import { logLoss } from '../debias/cross-entropy.ts';
import { classSums, decisionRows } from '../debias/decisions.ts';
import { predictions } from '../debias/margin.ts';
import type { Predict } from '../models/student.ts';
import type { Job } from '../run/job.ts';
import { planDecisions, studentFeatures } from '../run/plan-file.ts';
import type { HeldOutFigures } from '../train/epoch.ts';
import { countedShards, labeledShard, trueDecisions } from './sets.ts';
import { decodeForStudent } from './student-inputs.ts';

/**
 * Limits of the sample, so that measuring takes a small part of an epoch. The size of a sample is
 * random: with a mean of 32 examples, it is never empty.
 */
const limits = { examples: 1000, bytes: 2 ** 25, least: 32 };

const batchSize = 256;

/** Examples that no student learns. */
export interface HeldOutSet {
  /** @param predict runs the student in its current state; its outputs may be of subclasses. */
  measure(predict: Predict): Promise<HeldOutFigures>;
}

interface HeldOutBatch {
  readonly decoded: readonly Decoded[];
  /** [n, perExample] */
  readonly truth: readonly number[];
}

/**
 * Opens the sample. It only shows the progress of a training: nothing depends on it.
 *
 * @returns undefined if the run has no test set.
 */
export async function openHeldOutSet(job: Job): Promise<HeldOutSet | undefined> {
  if (job.plan.evaluatedOn !== 'test') return undefined;
  const decisions = planDecisions(job.plan);
  const encoder = createEncoder(studentFeatures(job.plan));
  let kept: Promise<readonly HeldOutBatch[]> | undefined;
  return {
    async measure(predict) {
      kept ??= readSample(job);
      let [right, loss, count] = [0, 0, 0];
      for (const { decoded, truth } of await kept) {
        // A prediction blocks the event loop; this lets timers and signals run.
        await setImmediate();
        const outputs = predict(rowsOf(encoder, decoded));
        const perClass = outputs.length / decoded.length / decisions.outputs;
        const rows = decisionRows(classSums(outputs, perClass), decisions);
        const answers = predictions(rows, decisions.classes);
        for (const [row, label] of truth.entries()) {
          right += Number(answers[row] === label);
          loss += logLoss(rows[row * decisions.classes + label]!);
          count++;
        }
      }
      return { accuracy: right / count, logLoss: loss / count };
    },
  };
}

async function readSample(job: Job): Promise<HeldOutBatch[]> {
  const encoder = createEncoder(studentFeatures(job.plan));
  const trueOf = trueDecisions(job);
  const decode = async (example: Example) => ({
    decoded: await decodeForStudent(encoder, example),
    truth: trueOf(example, 'test'),
  });
  const batches: HeldOutBatch[] = [];
  const sizes = { batchSize, room: batchSize };
  for await (const batch of decodedBatches(sampled(job), { ...sizes, decode })) {
    batches.push({
      decoded: batch.map(({ decoded }) => decoded),
      truth: batch.flatMap(({ truth }) => [...truth]),
    });
  }
  return batches;
}

/** Yields the examples of the sample, by a hash of their ids. The others are never decoded. */
async function* sampled(job: Job): AsyncGenerator<Example> {
  const features = studentFeatures(job.plan);
  const embeddings = encoderIn(features);
  const encoders = embeddings === undefined ? [] : [embeddings];
  const shards = await countedShards(job, 'test');
  const share = sampleSize(decodedBytes(features)) / sum(shards.map(({ count }) => count));
  for (const { item } of shards) {
    for await (const { example } of labeledShard(job, item, { encoders })) {
      if (hashToUnit(example.id, job.plan.config.seed) < share) yield example;
    }
  }
}

/** Returns the mean size of a sample of a large test set. @param bytes of a decoded example. */
export function sampleSize(bytes: number): number {
  return Math.max(limits.least, Math.min(limits.examples, limits.bytes / bytes));
}
