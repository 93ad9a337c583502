import { setImmediate } from 'node:timers/promises';
import { concatenate, sum } from '../arrays.ts';
import { createEncoder } from '../data/features/index.ts';
import { type Decoded, rowsOf } from '../data/features/kind.ts';
import type { DecidedOutputs } from '../debias/decisions.ts';
import type { Predict } from '../models/student.ts';
import type { Job } from '../run/job.ts';
import { planDecisions, studentFeatures } from '../run/plan-file.ts';
import { recordBytes } from '../train/records.ts';
import { countedShards, trueDecisions } from './sets.ts';
import { decodedShard } from './student-inputs.ts';

export interface ValidationSet {
  /** Runs the student on the whole set. Memory: 8 bytes per class and example. */
  outputs(predict: Predict): Promise<DecidedOutputs>;
}

interface ValidationBatch {
  readonly decoded: readonly Decoded[];
  /** [n, outputs] */
  readonly teacherOutputs: Float32Array;
  /** [n, perExample] */
  readonly decided: readonly number[];
}

/**
 * Opens the validation set, which is evaluated repeatedly as the student trains. It is decoded once
 * and kept, unless it would take more than an eighth of the free memory. Then it is decoded every
 * time. The size of texts is estimated by those of the labeled set.
 *
 * @param includes selects examples by id. Default: all.
 */
export async function openValidationSet(
  job: Job,
  includes: (id: string) => boolean = () => true,
): Promise<ValidationSet> {
  const { validatedOn } = job.plan;
  const features = studentFeatures(job.plan);
  const decisions = planDecisions(job.plan);
  const encoder = createEncoder(features);
  const trueOf = trueDecisions(job);
  const shards = await countedShards(job, ...validatedOn);
  const bytes = sum(shards.map(({ count }) => count)) * recordBytes({ features, decisions });
  const fits = bytes <= process.availableMemory() / 8;
  let kept: readonly ValidationBatch[] | undefined;

  async function* decode(): AsyncGenerator<ValidationBatch> {
    const batches: ValidationBatch[] = [];
    for (const { item } of shards) {
      for await (const { decoded: all, examples: both } of decodedShard(job, item, features)) {
        const decoded = all.filter((_, index) => includes(both[index]!.example.id));
        const examples = both.filter(({ example }) => includes(example.id));
        const batch = {
          decoded,
          teacherOutputs: concatenate(examples.map(({ row }) => row.probabilities)),
          decided: examples.flatMap(({ example }) => [...trueOf(example, item.set)]),
        };
        if (fits) batches.push(batch);
        yield batch;
      }
    }
    if (fits) kept = batches;
  }

  return {
    async outputs(predict) {
      const teacher: Float32Array[] = [];
      const student: Float32Array[] = [];
      const decided: (readonly number[])[] = [];
      for await (const batch of kept ?? decode()) {
        // A prediction blocks the event loop; this lets timers and signals run.
        await setImmediate();
        student.push(predict(rowsOf(encoder, batch.decoded)));
        teacher.push(batch.teacherOutputs);
        decided.push(batch.decided);
      }
      return {
        teacherOutputs: concatenate(teacher),
        studentOutputs: concatenate(student),
        decided: Int32Array.from(decided.flat()),
      };
    },
  };
}
