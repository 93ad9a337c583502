/** The examples of a run as inputs of its students. */
import { decodedBatches } from '../data/decoded-batches.ts';
import type { Example } from '../data/example.ts';
import { createEncoder, encoderIn, type Features } from '../data/features/index.ts';
import { type Decoded, type Encoder, isDecoded, type Rows, rowsOf } from '../data/features/kind.ts';
import { UserError } from '../errors.ts';
import type { ShardItem } from '../run/events.ts';
import type { Job } from '../run/job.ts';
import { studentFeatures } from '../run/plan-file.ts';
import { type LabeledExample, labeledShard } from './sets.ts';

/** One batch size for all students, so that their batches can be read in step. */
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
  features: Features,
): AsyncGenerator<DecodedBatch, undefined> {
  const encoder = createEncoder(features);
  const embeddings = encoderIn(features);
  const decode = async (labeled: LabeledExample) => ({
    labeled,
    decoded: await decodeForStudent(encoder, labeled.example),
  });
  const encoders = embeddings === undefined ? [] : [embeddings];
  const examples = labeledShard(job, item, { encoders });
  for await (const batch of decodedBatches(examples, { batchSize, room: batchSize, decode })) {
    yield {
      decoded: batch.map(({ decoded }) => decoded),
      examples: batch.map(({ labeled }) => labeled),
    };
  }
}

/**
 * Decodes an example for a student. Fails only if teacher and student have different features,
 * because Label already decoded it for the teacher.
 */
export async function decodeForStudent(encoder: Encoder, example: Example): Promise<Decoded> {
  const decoded = await encoder.decode(example);
  if (isDecoded(decoded)) return decoded;
  throw new UserError(
    `the example '${decoded.id}' was labeled, but cannot be decoded for the student: ${decoded.reason}`,
    'Correct or remove it.',
  );
}

/** n examples of a set, ready for a student. */
export interface StudentInputs {
  /** Normalized by the plan's features. */
  readonly rows: Rows;
  /** Before they are normalized. */
  readonly decoded: readonly Decoded[];
  readonly examples: readonly LabeledExample[];
}

/**
 * Yields a shard's usable examples in batches, decoded for a student, without augmentation.
 *
 * @param features the student's inputs. Default: those of this run.
 */
export async function* studentInputs(
  job: Job,
  item: ShardItem,
  features: Features = studentFeatures(job.plan),
): AsyncGenerator<StudentInputs, undefined> {
  const encoder = createEncoder(features);
  for await (const { decoded, examples } of decodedShard(job, item, features)) {
    yield { rows: rowsOf(encoder, decoded), decoded, examples };
  }
}
