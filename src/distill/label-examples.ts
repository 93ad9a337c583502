import { sum } from '../arrays.ts';
import { type BatchDecoding, decodedBatches } from '../data/decoded-batches.ts';
import { type Example, isRejected, type Rejected } from '../data/example.ts';
import { decodedBytes, type Features, kindOf } from '../data/features/index.ts';
import type { SetName } from '../data/shard.ts';
import { createLabelsWriter, type LabelBatch } from '../data/tables/labels-file.ts';
import type { Decisions } from '../debias/decisions.ts';
import type { Predictions, Teacher } from '../models/teacher.ts';
import { type TeacherExample, type TeacherInputs, teacherInputs } from './teacher-inputs.ts';

/** Batches that are read and decoded while the teacher works. */
const batchesAhead = 2;
/** Limit of their bytes, encoded and decoded. A single larger example is allowed. */
const bytesAhead = 128 * 2 ** 20;

/** A teacher, and the context of its answers. */
export interface Labeling {
  readonly teacher: Teacher;
  /** The teacher's inputs. */
  readonly features: Features;
  readonly decisions: Decisions;
  /** Set whose folder has the examples, if the teacher's answers may depend on it. */
  readonly set?: SetName | undefined;
}

/**
 * Labels examples. Reading and decoding continue while the teacher works on the previous batch.
 *
 * @param key Key of the labels file.
 * @param tell called after each batch with the number of examples so far; an error thrown by it
 *   ends the labeling.
 * @returns the bytes of the labels file.
 */
export async function labelExamples(
  key: string,
  examples: AsyncIterable<Example | Rejected>,
  labeling: Labeling,
  tell: (done: number) => void,
): Promise<Uint8Array> {
  const { teacher, features, decisions } = labeling;
  const writer = createLabelsWriter(key, decisions, teacher);
  const quarantined: Rejected[] = [];
  const inputs = teacherInputs(teacher, features);
  let done = 0;
  const decoding = decodingFor(labeling, inputs);
  const quarantine = (rejected: Rejected) => quarantined.push(rejected);
  for await (const batch of decodedBatches(examples, decoding, quarantine)) {
    const { labels, unanswered } = await labelBatch(batch, inputs, labeling);
    writer.append(labels);
    quarantined.push(...unanswered);
    done += batch.length;
    tell(done);
  }
  return writer.finish(quarantined);
}

/** Decodes the examples for the teacher; large ones count as several. */
function decodingFor(
  { teacher: { batchSize, moreFeatures = [] }, features }: Labeling,
  inputs: TeacherInputs,
): BatchDecoding<Example | Rejected, TeacherExample> {
  const room = batchesAhead * batchSize;
  return {
    batchSize,
    room,
    size: (item) =>
      Math.max(1, (bytesOfExample(item, [features, ...moreFeatures]) / bytesAhead) * room),
    decode: async (item) => (isRejected(item) ? item : inputs.decode(item)),
  };
}

/** Returns the bytes of an example, encoded and decoded. */
function bytesOfExample(item: Example | Rejected, features: readonly Features[]): number {
  const encoded = isRejected(item) ? 0 : kindOf(item.content).encodedBytes(item.content);
  return encoded + sum(features.map(decodedBytes));
}

async function labelBatch(
  batch: readonly TeacherExample[],
  inputs: TeacherInputs,
  { teacher, decisions: { outputs }, set }: Labeling,
): Promise<{ labels: LabelBatch; unanswered: Rejected[] }> {
  const ids = batch.map(({ id }) => id);
  const answer = await teacher.predict({ ...inputs.gather(batch), set });
  const rows = [...ids.keys()];
  const answered = rows.filter((row) => !Number.isNaN(answer.probabilities[row * outputs]));
  const probabilities = takeRows(answer.probabilities, outputs, answered);
  const labels: LabelBatch = {
    ids: answered.map((row) => ids[row]!),
    probabilities,
    rawProbabilities:
      answer.rawProbabilities && takeRows(answer.rawProbabilities, outputs, answered),
    embeddings: answer.embeddings && takeRows(answer.embeddings, teacher.embeddingSize!, answered),
    votes: answer.votes && takeRows(answer.votes, teacher.voters!, answered),
  };
  const unanswered = rows
    .filter((row) => Number.isNaN(answer.probabilities[row * outputs]))
    .map((row) => ({ id: ids[row]!, reason: reasonFor(teacher, answer, row) }));
  return { labels, unanswered };
}

function reasonFor({ unanswered }: Teacher, { failures }: Predictions, row: number): string {
  const failure = failures?.get(row);
  if (failure !== undefined) return `The teacher fails on it: ${failure}`;
  return (
    unanswered ??
    'The teacher gives no answer: its row is missing, has NaN, or is not of the kind that teacher.output states.'
  );
}

function takeRows<Values extends Float32Array | Int32Array>(
  values: Values,
  width: number,
  rows: readonly number[],
): Values {
  if (rows.length * width === values.length) return values;
  // A slice of an array is an array of the same kind.
  const taken = values.slice(0, rows.length * width) as Values;
  rows.forEach((row, index) => {
    taken.set(values.subarray(row * width, (row + 1) * width), index * width);
  });
  return taken;
}
