/** The examples of a run as its students are fed them. */
import { decodedBatches } from '../data/decoded-batches.ts';
import type { Example } from '../data/example.ts';
import { createEncoder, type Features } from '../data/features/index.ts';
import { type Decoded, type Encoder, isDecoded, normalizedRows } from '../data/features/kind.ts';
import { UserError } from '../errors.ts';
import type { ShardItem } from '../run/events.ts';
import type { Job } from '../run/job.ts';
import { type LabeledExample, labeledShard } from './sets.ts';

/** Of all students, so that batches of several go side by side. */
const batchSize = 256;

/** n examples of a set, decoded for a student. */
export interface DecodedBatch {
  readonly decoded: readonly Decoded[];
  readonly examples: readonly LabeledExample[];
}

/** Yields a shard's usable examples in batches; decodes the next while the student works on one. */
export async function* decodedShard(
  job: Job,
  item: ShardItem,
  encoder: Encoder,
): AsyncGenerator<DecodedBatch, undefined> {
  const decode = async (labeled: LabeledExample) => ({
    labeled,
    decoded: await decodeForStudent(encoder, labeled.example),
  });
  const examples = labeledShard(job, item);
  for await (const batch of decodedBatches(examples, { batchSize, room: batchSize, decode })) {
    yield {
      decoded: batch.map(({ decoded }) => decoded),
      examples: batch.map(({ labeled }) => labeled),
    };
  }
}

/** Label decoded the same example for the teacher, so here it can only fail for other features. */
export async function decodeForStudent(encoder: Encoder, example: Example): Promise<Decoded> {
  const decoded = await encoder.decode(example);
  if (isDecoded(decoded)) return decoded;
  throw new UserError(
    `the example '${decoded.id}' was labeled but cannot be fed to the student: ${decoded.reason}`,
    'Mend or remove it.',
  );
}

/** n examples of a set, ready for a student. */
export interface StudentInputs {
  /** [n, ...featureShape], normalised as the plan's features say. */
  readonly values: Float32Array;
  readonly examples: readonly LabeledExample[];
}

/**
 * A shard's usable examples in batches, decoded for a student, without augmentation.
 * @param features what the student is fed; its own, where it is not one of this run.
 */
export async function* studentInputs(
  job: Job,
  item: ShardItem,
  features: Features = job.plan.features,
): AsyncGenerator<StudentInputs, undefined> {
  const encoder = createEncoder(features);
  for await (const { decoded, examples } of decodedShard(job, item, encoder)) {
    yield { values: normalizedRows(encoder, decoded), examples };
  }
}
