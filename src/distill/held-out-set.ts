/** A sample of the test set, on which a student is measured after every epoch. */
import { setImmediate } from 'node:timers/promises';
import { sum } from '../arrays.ts';
import { createEncoder, decodedBytes } from '../data/features/index.ts';
import { type Decoded, rowsOf } from '../data/features/kind.ts';
import { hashToUnit } from '../data/random.ts';
import { logLoss } from '../debias/cross-entropy.ts';
import { classSums, decisionRows } from '../debias/decisions.ts';
import { predictions } from '../debias/margin.ts';
import type { Predict } from '../models/student.ts';
import type { Job } from '../run/job.ts';
import { planDecisions, studentFeatures } from '../run/plan-file.ts';
import type { HeldOutFigures } from '../train/epoch.ts';
import { countedShards, trueDecisions } from './sets.ts';
import { decodedShard } from './student-inputs.ts';

/** Limits of the sample, so that measuring takes a small part of an epoch. */
const limits = { examples: 1000, bytes: 2 ** 25 };

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
  const features = studentFeatures(job.plan);
  const encoder = createEncoder(features);
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
  const features = studentFeatures(job.plan);
  const trueOf = trueDecisions(job);
  const shards = await countedShards(job, 'test');
  const most = Math.min(limits.examples, limits.bytes / decodedBytes(features));
  const share = most / sum(shards.map(({ count }) => count));
  const batches: HeldOutBatch[] = [];
  for (const { item } of shards) {
    for await (const { decoded, examples } of decodedShard(job, item, features)) {
      const taken = examples.flatMap(({ example }, index) =>
        hashToUnit(example.id, job.plan.config.seed) < share ? [index] : [],
      );
      batches.push({
        decoded: taken.map((index) => decoded[index]!),
        truth: taken.flatMap((index) => [...trueOf(examples[index]!.example, item.set)]),
      });
    }
  }
  return batches.filter(({ decoded }) => decoded.length > 0);
}
